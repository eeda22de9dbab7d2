package main

import "testing"

// TestForgetting: what is erased is forgotten at once, and before there is anything to forget nothing happens.
func TestForgetting(t *testing.T) {
	var f forgetting
	f.forget()
	count := 0
	f.set(func() { count++ })
	f.forget()
	f.forget()
	if count != 2 || f.after == nil || !f.after.Stop() {
		t.Error(count, "times, or not once more later")
	}
}
