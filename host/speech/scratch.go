package speech

import (
	"io/fs"

	expsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/sys"
)

// scratch is the whole world of files that one run of the module sees: a folder in memory with some files to
// read and one to write. Anything else does not exist, and there is nothing on disk to clean up.
type scratch struct {
	expsys.UnimplementedFS
	read map[string][]byte
	name string // of the file to write
	out  *memoryFile
}

func newScratch(read map[string][]byte, write string, limit int) *scratch {
	return &scratch{read: read, name: write, out: &memoryFile{limit: limit, writable: true}}
}

// written is what the module wrote.
func (s *scratch) written() []byte { return s.out.data }

// OpenFile finds one of the files by its name; the paths of WASI have no leading slash.
func (s *scratch) OpenFile(path string, flag expsys.Oflag, _ fs.FileMode) (expsys.File, expsys.Errno) {
	writes := flag&(expsys.O_WRONLY|expsys.O_RDWR) != 0
	if path == s.name {
		return s.out, 0
	}
	if data, ok := s.read[path]; ok {
		if writes {
			return nil, expsys.EROFS
		}
		return &memoryFile{data: data}, 0
	}
	if path == "." || path == "" {
		return folder{}, 0
	}
	return nil, expsys.ENOENT
}

// folder is the root.
type folder struct{ expsys.UnimplementedFile }

// IsDir says that it is one.
func (folder) IsDir() (bool, expsys.Errno) { return true, 0 }

// Stat says so too.
func (folder) Stat() (sys.Stat_t, expsys.Errno) { return sys.Stat_t{Mode: fs.ModeDir | 0o700}, 0 }

// memoryFile is a file of bytes that is read or written from front to back.
type memoryFile struct {
	expsys.UnimplementedFile
	data     []byte
	at       int64
	limit    int
	writable bool
}

// IsDir says that it is none.
func (*memoryFile) IsDir() (bool, expsys.Errno) { return false, 0 }

// Stat knows the size.
func (f *memoryFile) Stat() (sys.Stat_t, expsys.Errno) {
	return sys.Stat_t{Mode: 0o600, Size: int64(len(f.data)), Nlink: 1}, 0
}

// Read takes up where the last call ended.
func (f *memoryFile) Read(buf []byte) (int, expsys.Errno) {
	if f.at >= int64(len(f.data)) {
		return 0, 0
	}
	n := copy(buf, f.data[f.at:])
	f.at += int64(n)
	return n, 0
}

// Write appends, up to the limit.
func (f *memoryFile) Write(buf []byte) (int, expsys.Errno) {
	if !f.writable {
		return 0, expsys.EBADF
	}
	if len(f.data)+len(buf) > f.limit {
		return 0, expsys.EIO
	}
	f.data = append(f.data, buf...)
	return len(buf), 0
}

// Close keeps what was written.
func (*memoryFile) Close() expsys.Errno { return 0 }
