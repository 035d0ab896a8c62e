package runner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A guest's images lie in memory that outlives its process. There are two places: the program says which one holds the
// image that it counts on, and the child writes only to the other. So a child may be killed in the middle of a copy.
//
//	place    u64 bytes of memory   u64 bytes of the head   head   memory, at headRoom
const (
	headRoom = 32 << 20 // a full store of the smallest values
	places   = 2
)

func placeBytes(memoryMiB int) int { return headRoom + memoryMiB<<20 }

// shelf is the child's side of the images.
type shelf struct {
	mem    []byte
	place  int  // bytes of each
	target int  // where the next image goes
	kept   bool // an image was kept since the call began
}

func mapShelf(fd, memoryMiB int) (*shelf, error) {
	size := placeBytes(memoryMiB)
	mem, err := unix.Mmap(fd, 0, places*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the images: %w", err)
	}
	return &shelf{mem: mem, place: size}, nil
}

func (s *shelf) at(n int) []byte { return s.mem[n*s.place : (n+1)*s.place] }

// begin is called before a call, with the place that must stay as it is.
func (s *shelf) begin(keep int32) {
	s.target, s.kept = 0, false
	if keep == 0 {
		s.target = 1
	}
}

// Room is wasm.Shelf's.
func (s *shelf) Room() []byte { return s.at(s.target)[headRoom:headRoom] }

// Keep is wasm.Shelf's.
func (s *shelf) Keep(memory int, head []byte) {
	at := s.at(s.target)
	if len(head) > headRoom-16 {
		panic(fmt.Sprintf("image with a head of %d bytes", len(head))) // wasm bounds globals and store far below
	}
	binary.LittleEndian.PutUint64(at, uint64(memory))
	binary.LittleEndian.PutUint64(at[8:], uint64(len(head)))
	copy(at[16:], head)
	s.kept = true
}

var errImage = errors.New("there is no image")

// image gives what was kept in a place.
func (s *shelf) image(n int32) (memory, head []byte, err error) {
	if n < 0 || n >= places {
		return nil, nil, errImage
	}
	at := s.at(int(n))
	m, h := binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])
	if h > headRoom-16 || m > uint64(s.place-headRoom) {
		return nil, nil, errImage
	}
	return at[headRoom : headRoom+int(m)], at[16 : 16+h], nil
}

// copyPlace copies an image to another guest's shelf. It copies no more than there is: most of a place was never used.
func copyPlace(to, from *os.File, n, memoryMiB int) error {
	size := placeBytes(memoryMiB)
	base := int64(n) * int64(size)
	var sizes [16]byte
	if _, err := from.ReadAt(sizes[:], base); err != nil {
		return fmt.Errorf("copy an image: %w", err)
	}
	m, h := binary.LittleEndian.Uint64(sizes[:]), binary.LittleEndian.Uint64(sizes[8:])
	if h > headRoom-16 || m > uint64(size-headRoom) {
		return errImage
	}
	for _, part := range []struct{ at, n int64 }{{base, 16 + int64(h)}, {base + headRoom, int64(m)}} {
		if _, err := io.Copy(io.NewOffsetWriter(to, part.at), io.NewSectionReader(from, part.at, part.n)); err != nil {
			return fmt.Errorf("copy an image: %w", err)
		}
	}
	return nil
}
