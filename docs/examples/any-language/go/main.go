// go run . read-state [FOLDER]    level 1: asks the agent's files whether this software may run
// go run . verify [FOLDER]        level 2: verifies the licence again, under the vendor's root key
//
// Exits with 0 while it may run; otherwise with 1 and the reason on standard error.
package main

import (
	"fmt"
	"os"
)

func main() {
	checks := map[string]func(string) (string, error){"read-state": readState, "verify": verifyID}
	if len(os.Args) < 2 || len(os.Args) > 3 || checks[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: read-state [FOLDER] | verify [FOLDER]")
		os.Exit(2)
	}
	folder := "/run/countersign"
	if len(os.Args) == 3 {
		folder = os.Args[2]
	}
	answer, err := checks[os.Args[1]](folder)
	if err != nil {
		fmt.Fprintf(os.Stderr, "Not licensed: %v.\n", err)
		os.Exit(1)
	}
	fmt.Println(answer)
}

func verifyID(folder string) (string, error) {
	claims, err := verify(folder)
	return text(object(claims, "licence"), "id"), err
}
