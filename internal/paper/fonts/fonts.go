// Package fonts holds the faces of what is printed: Source Serif 4 and Source Sans 3, as TrueType files under the SIL Open Font
// License, whose texts lie beside them. They have the letters of the Latin (with Vietnamese), Greek and Cyrillic scripts.
package fonts

import _ "embed"

// The files, which must not be changed.
var (
	//go:embed SourceSerif4-SemiBold.ttf
	SerifSemiBold []byte
	//go:embed SourceSans3-Regular.ttf
	SansRegular []byte
	//go:embed SourceSans3-SemiBold.ttf
	SansSemiBold []byte
)
