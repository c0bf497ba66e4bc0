package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	maxState  = 64
	maxStatus = 65_536
	// The agent checks earlier than it says in nextCheckAt, never half an hour later.
	patience = 30 * time.Minute
)

// readState returns the state, licensed or grace. Any other state is an error, also one that a later agent may have.
func readState(folder string) (string, error) {
	octets, err := readFile(folder, "state", maxState)
	if err != nil {
		return "", err
	}
	state := strings.TrimSpace(string(octets))
	if state != "licensed" && state != "grace" {
		return "", fmt.Errorf("the state is %q", state)
	}
	next, err := readNextCheck(folder)
	if err != nil {
		return "", err
	}
	if time.Since(next) > patience {
		return "", errors.New("no agent runs: its next check is more than 30 minutes overdue")
	}
	return state, nil
}

func readNextCheck(folder string) (time.Time, error) {
	octets, err := readFile(folder, "status.json", maxStatus)
	if err != nil {
		return time.Time{}, err
	}
	var status map[string]any
	if json.Unmarshal(octets, &status) != nil {
		return time.Time{}, errors.New("status.json is malformed")
	}
	next, err := time.Parse(time.RFC3339, text(status, "nextCheckAt"))
	if err != nil {
		return time.Time{}, errors.New("status.json has no nextCheckAt")
	}
	return next, nil
}

// readFile reads a file of at most so many octets.
func readFile(folder, name string, longest int64) ([]byte, error) {
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read (%w)", name, err)
	}
	defer file.Close()
	octets, err := io.ReadAll(io.LimitReader(file, longest+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read (%w)", name, err)
	}
	if int64(len(octets)) > longest {
		return nil, fmt.Errorf("%s is too long", name)
	}
	return octets, nil
}

// Members of JSON that is not believed yet. Maps and not structs: those take members in any case, ALG for alg.

func text(members map[string]any, name string) string {
	value, _ := members[name].(string)
	return value
}

func object(members map[string]any, name string) map[string]any {
	value, _ := members[name].(map[string]any)
	return value
}
