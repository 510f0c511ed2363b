// Accepts a log's checkpoint, tiles and proofs by golang.org/x/mod/sumdb, or says what is wrong.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type asked struct {
	Verifier, Checkpoint, Earlier, Tiles, Entry string
	Index                                       int64
	Inclusion, Consistency                      []string
}

type tiles struct{ folder string }

func (t tiles) Height() int                        { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.folder, tile.Path()))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func tree(message string, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open([]byte(message), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func hashes(encoded []string) []tlog.Hash {
	var found []tlog.Hash
	for _, each := range encoded {
		hash, err := tlog.ParseHash(each)
		must(err)
		found = append(found, hash)
	}
	return found
}

func main() {
	var given asked
	must(json.NewDecoder(os.Stdin).Decode(&given))
	verifier, err := note.NewVerifier(given.Verifier)
	must(err)
	now, before := tree(given.Checkpoint, verifier), tree(given.Earlier, verifier)
	entry, err := base64.StdEncoding.DecodeString(given.Entry)
	must(err)
	leaf := tlog.RecordHash(entry)
	must(tlog.CheckRecord(hashes(given.Inclusion), now.N, now.Hash, given.Index, leaf))
	must(tlog.CheckTree(hashes(given.Consistency), now.N, now.Hash, before.N, before.Hash))
	stored, err := tlog.TileHashReader(now, tiles{given.Tiles}).ReadHashes(
		[]int64{tlog.StoredHashIndex(0, given.Index)})
	must(err)
	if stored[0] != leaf {
		must(fmt.Errorf("the tile has another hash for the leaf"))
	}
	fmt.Println("accepted")
}
