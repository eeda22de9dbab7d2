package carrier

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"github.com/laurelbadges/laurel/credential"
)

const (
	maxArchive = 64 << 20 // bytes of an archive, and of all its files together when unpacked
	maxFiles   = 500      // files of an archive, without those that computers add
	maxEntries = 5000     // entries of an archive, with folders and what computers add
	maxName    = 200      // characters of a name that is shown
	tagPrice   = 32       // a tag takes longer to read than the bytes that it is written in
)

// isArchive tells whether a file begins as a zip archive does (APPNOTE.TXT 4.3.7, 4.3.16, 8.5.3).
func isArchive(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06")) || bytes.HasPrefix(data, []byte("PK\x07\x08"))
}

// unpackAll opens the files of a zip archive one by one. Files that computers add by themselves, by name and by content, are no
// files that somebody hands in.
func unpackAll(data []byte, yield func(Item) bool) {
	files, problem := survey(data)
	if problem != nil {
		yield(Item{Kind: "zip", Bytes: data, Problem: problem})
		return
	}
	left, handedIn := maxArchive, 0
	for i, file := range files {
		name := shown(file.Name, fmt.Sprintf("file %d", i+1))
		content, problem := unpack(file, &left)
		if problem == nil && added(file.Name, content) {
			continue
		}
		handedIn++
		if problem != nil {
			if !yield(Item{Kind: "zip", Name: name, Bytes: content, Problem: problem}) {
				return
			}
			continue
		}
		if isMarkup(content) {
			left -= min(left, tagPrice*bytes.Count(content, []byte("<")))
		}
		for _, item := range openFile(content, "", false) {
			item.Name = path.Join(name, item.Name)
			if !yield(item) {
				return
			}
		}
	}
	if handedIn == 0 {
		yield(Item{Kind: "zip", Bytes: data, Problem: none("archive_empty", "There is no file in this archive.")})
	}
}

// survey reads the directory of an archive. The problem is one of the archive as a whole.
func survey(data []byte) ([]*zip.File, *Problem) {
	if len(data) > maxArchive {
		return nil, tooLarge(fmt.Sprintf("The archive is larger than %d MiB. Hand it in as several.", maxArchive>>20))
	}
	// Counted before the directory is read, so that no list is built of a million entries.
	if bytes.Count(data, []byte("PK\x01\x02")) > maxEntries {
		return nil, tooMany()
	}
	directory, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, &Problem{Code: codeMalformed, Case: "archive", Detail: "The archive is damaged: the list of its files cannot be read."}
	}
	if isOffice(directory) {
		return nil, officeDocument()
	}
	var files []*zip.File
	counted := 0 // but for what computers add, by name: each file of somebody's has one such beside it
	for _, file := range directory.File {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		files = append(files, file)
		if !addedName(file.Name) {
			counted++
		}
	}
	if counted > maxFiles {
		return nil, tooMany()
	}
	return files, nil
}

// unpack reads one file of an archive. It counts what comes out, whatever the directory says of its size.
func unpack(file *zip.File, left *int) ([]byte, *Problem) {
	switch {
	case !file.Mode().IsRegular():
		return nil, none("archive_link", "This is a link to another file and no file. Hand in the file itself.")
	case file.Flags&1 != 0: // APPNOTE.TXT 4.4.4, bit 0
		return nil, &Problem{Code: codeEncrypted, Case: "archive", Detail: "This file asks for a password. Unpack the archive and hand in what is in it."}
	case file.Method != zip.Store && file.Method != zip.Deflate:
		return nil, none("archive_kind", "This file is packed in a way that Laurel does not open. Unpack the archive and hand in what is in it.")
	}
	most := min(credential.Limits.Upload, *left)
	in, err := file.Open()
	if err != nil {
		return nil, damaged()
	}
	defer func() { _ = in.Close() }()
	content, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	*left -= min(len(content), *left)
	switch {
	case len(content) > most && most < credential.Limits.Upload:
		return nil, &Problem{Code: codeUnread, Case: "archive_rest", Detail: "The files before this one are all that Laurel reads of one archive. Hand this one in by itself."}
	case len(content) <= most && err != nil:
		return nil, damaged()
	}
	return content, nil // one byte over the bound says the rest
}

// nested is for an archive inside of something else.
func nested(data []byte) []Item {
	if len(data) <= maxArchive && bytes.Count(data, []byte("PK\x01\x02")) <= maxEntries {
		if directory, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); directory != nil && (err == nil || errors.Is(err, zip.ErrInsecurePath)) && isOffice(directory) {
			return refused("zip", officeDocument())
		}
	}
	return refused("zip", none("archive_nested", "This is an archive inside another file. Unpack it and hand in what is in it."))
}

// isOffice tells a document of an office program by the files that every such document has (ECMA-376 part 2 section 10.1.2,
// OpenDocument 1.3 part 2 section 3.2, and iWork).
func isOffice(directory *zip.Reader) bool {
	names := map[string]bool{}
	for _, file := range directory.File {
		names[file.Name] = true
	}
	return names["[Content_Types].xml"] || names["META-INF/manifest.xml"] && names["content.xml"] || names["Index/Document.iwa"]
}

// addedName tells the names of files that computers add to an archive by themselves.
func addedName(name string) bool {
	base := path.Base(name)
	return base == ".DS_Store" || base == "Thumbs.db" || base == "desktop.ini" || strings.HasPrefix(base, "._")
}

// added tells such a file, by its name and by what the computer wrote: a file of somebody's under such a name is opened like any.
func added(name string, content []byte) bool {
	if !addedName(name) {
		return false
	}
	for _, beginning := range []string{
		"\x00\x05\x16\x07",               // AppleDouble (RFC 1740 appendix B)
		"\x00\x00\x00\x01Bud1",           // .DS_Store
		"\xd0\xcf\x11\xe0",               // Thumbs.db, a compound file
		"[.ShellClassInfo]",              // desktop.ini
		"\r\n[.ShellClassInfo]",          //
		"\xff\xfe\r\x00\n\x00[\x00.\x00", // the same in UTF-16
	} {
		if bytes.HasPrefix(content, []byte(beginning)) {
			return true
		}
	}
	return len(content) == 0
}

// shown is a name from inside a file as a person may see it: no control characters, no way up, not too long.
func shown(name, unnamed string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(name[:min(len(name), 4*maxName)], "\ufffd"))
	name = strings.TrimLeft(path.Clean("/"+name), "/")
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-1]) + "…"
	}
	if name = strings.TrimSpace(name); name == "" {
		return unnamed
	}
	return name
}

func officeDocument() *Problem {
	return none("office", "This is a document of an office program. Save it as a PDF and hand that in, or the badge itself.")
}

func tooMany() *Problem {
	return &Problem{Code: codeUnread, Case: "archive_files", Detail: fmt.Sprintf("The archive holds more than %d files. Hand it in as several.", maxFiles), Facts: most(maxFiles)}
}

func tooLarge(detail string) *Problem {
	return &Problem{Code: codeTooLarge, Case: "archive", Detail: detail, Facts: most(maxArchive >> 20)}
}

func damaged() *Problem {
	return &Problem{Code: codeMalformed, Case: "archive_entry", Detail: "This file of the archive is damaged and cannot be unpacked."}
}
