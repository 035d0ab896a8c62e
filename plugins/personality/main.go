// Command personality is the guest that runs declarative personalities: the show hands it a personality.yaml when the
// plugin is loaded, and it becomes that character.
package main

import (
	guest "github.com/sothebais/sothebais/sdk/go"
)

func main() {}

func init() { guest.Register(plugin()) }
