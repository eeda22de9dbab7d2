package strict

// Values are the values of a member that may hold one or an array of them, as JSON-LD lets any be written (JSON-LD 1.1 section 4.3).
// v is the member as [Parse] gives it; one that is absent or null has no value.
func Values(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// Texts are those of the [Values] of a member that are strings.
func Texts(v any) []string {
	var all []string
	for _, value := range Values(v) {
		if text, isText := value.(string); isText {
			all = append(all, text)
		}
	}
	return all
}
