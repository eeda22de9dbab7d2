package console

import "fmt"

// plural chooses the words for so many of something: one for exactly one of it, and many for any other number.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// counted is plural with the number in it, where many holds one %d.
func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
