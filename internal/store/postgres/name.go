package postgres

// Name names the database at an address for people and for comparison: database, host or folder of the socket, and port; no user, no
// password, no options.
func Name(address string) (string, error) {
	config, err := parse(address)
	if err != nil {
		return "", err
	}
	return place(config.ConnConfig), nil
}
