package runner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/plugin/wasm"
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
	mem   []byte
	place int // bytes of each
	head  []byte
}

func mapShelf(fd, memoryMiB int) (*shelf, error) {
	size := placeBytes(memoryMiB)
	mem, err := unix.Mmap(fd, 0, places*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the images: %w", err)
	}
	return &shelf{mem: mem, place: size}, nil
}

func (s *shelf) at(n int) []byte { return s.mem[n*s.place : (n+1)*s.place : (n+1)*s.place] }

// keep makes an image in the place that is not the given one.
func (s *shelf) keep(core *wasm.Core, not int32) error {
	at := s.at(int(other(not)))
	memory, head := core.Image(at[headRoom:headRoom], s.head[:0])
	s.head = head
	if len(head) > headRoom-16 || cap(memory) != cap(at[headRoom:]) {
		return fmt.Errorf("%w: %d bytes of memory and %d besides are more than there is room for", errImage, len(memory), len(head))
	}
	binary.LittleEndian.PutUint64(at, uint64(len(memory)))
	binary.LittleEndian.PutUint64(at[8:], uint64(len(head)))
	copy(at[16:], head)
	return nil
}

// other is the place for an image when that of the given number must stay.
func other(keep int32) int32 {
	if keep == 0 {
		return 1
	}
	return 0
}

var errImage = errors.New("no image")

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
