package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/compositor"
	"github.com/sothebais/sothebais/host/shipped"
)

// Check is one thing that a show needs from its machine.
type Check struct {
	Name    string `json:"name"`
	Found   string `json:"found"`             // what is there
	Problem string `json:"problem,omitempty"` // what is wrong with it
	Mend    string `json:"mend,omitempty"`    // what to do about it
	Warning bool   `json:"warning,omitempty"` // a show runs all the same
}

// Examine checks this machine against what a show with these settings needs.
func Examine(ctx context.Context, cfg Config) []Check {
	checks := []Check{checkFFmpeg(ctx, cfg.FFmpeg), checkAssets(), checkFonts(), checkDisk(cfg.DataDir), checkClock(), checkCores(), checkSandbox(ctx), checkVariables(os.Environ())}
	checks = append(checks, checkCast(ctx, cfg), checkScenes(cfg))
	return append(checks, checkPorts(cfg)...)
}

func checkFFmpeg(ctx context.Context, bin string) Check {
	c := Check{Name: "ffmpeg", Mend: "apt-get install ffmpeg, or set FFMPEG to where it is"}
	if bin == "" {
		bin = "ffmpeg"
	}
	path, err := exec.LookPath(bin)
	if err != nil {
		c.Problem = bin + " is not on PATH"
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-hide_banner", "-encoders").Output()
	if err != nil {
		c.Problem = fmt.Sprintf("%s does not run: %v", path, err)
		return c
	}
	c.Found = path
	for _, need := range []string{"libx264", " aac "} {
		if !strings.Contains(string(out), need) {
			c.Problem = fmt.Sprintf("%s has no encoder %s", path, strings.TrimSpace(need))
			c.Mend = "install a build of FFmpeg with libx264 and aac, such as Debian's"
			return c
		}
	}
	c.Found += " with libx264 and aac"
	return c
}

func checkAssets() Check {
	if err := shipped.Check(shipped.FS()); err != nil {
		return Check{Name: "assets", Problem: err.Error(), Mend: "make build"}
	}
	return Check{Name: "assets", Found: "plugins, characters, scenes, artworks and voice are in the binary"}
}

func checkFonts() Check {
	c := Check{Name: "fonts", Mend: "apt-get install fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji", Warning: true}
	want := map[string]string{"NotoSansCJK": "Chinese, Japanese and Korean", "NotoColorEmoji": "emoji"}
	_ = filepath.WalkDir("/usr/share/fonts", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			for prefix := range want {
				if strings.HasPrefix(d.Name(), prefix) {
					delete(want, prefix)
				}
			}
		}
		return nil
	})
	if len(want) == 0 {
		c.Found, c.Mend = "Noto Sans CJK and Noto Color Emoji", ""
		return c
	}
	var lost []string
	for _, what := range want {
		lost = append(lost, what)
	}
	c.Problem = "no font for " + strings.Join(lost, " nor for ") + ": names in these would show as boxes"
	return c
}

func checkDisk(dir string) Check {
	c := Check{Name: "disk", Mend: "free some space, or set SOTHEBAIS_DATA_DIR to a larger disk"}
	if err := CheckDataDir(dir); err != nil {
		c.Problem, c.Mend = err.Error(), "set SOTHEBAIS_DATA_DIR to a folder"
		return c
	}
	at := dir
	for { // the directory may not exist yet: ask for the nearest parent that does
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(at, &st); err != nil {
		c.Problem = fmt.Sprintf("cannot look at %s: %v", at, err)
		return c
	}
	free := st.Bavail * uint64(st.Bsize) >> 20
	c.Found = fmt.Sprintf("%d MiB free for %s", free, dir)
	if unix.Access(at, unix.W_OK) != nil {
		c.Problem, c.Mend = at+" cannot be written to", "give this user the right to write there, or set SOTHEBAIS_DATA_DIR"
	} else if free < 512 {
		c.Problem = "a show writes up to 2 MiB a second of recording"
	}
	return c
}

func checkClock() Check {
	c := Check{Name: "clock", Found: time.Now().UTC().Format("2006-01-02 15:04:05 UTC"), Warning: true}
	var tx unix.Timex
	state, err := unix.Adjtimex(&tx)
	switch {
	case time.Now().Year() < 2025:
		c.Problem, c.Mend, c.Warning = "the clock is years off", "set it: timedatectl set-ntp true", false
	case err != nil:
		c.Found += ", its state is unknown here"
	case state == unix.TIME_ERROR:
		c.Problem, c.Mend = "the kernel says that nothing keeps the clock right", "timedatectl set-ntp true, or run chrony: closing times are promises"
	default:
		c.Found += ", kept by time synchronisation"
	}
	return c
}

func checkCores() Check {
	c := Check{Name: "cores", Found: fmt.Sprintf("%d", runtime.NumCPU())}
	if runtime.NumCPU() < 2 {
		c.Warning, c.Problem, c.Mend = true, "one core is short for encoder and stage together", "use a machine with two, or STREAM_PRESET=ultrafast"
	}
	return c
}

// checkCast reads the characters that are not the program's.
func checkCast(ctx context.Context, cfg Config) Check {
	l := newLibrary(cfg.withAssets())
	c := Check{Name: "characters", Found: "the program's"}
	var own, problems []string
	for _, id := range l.ids() {
		if l.own(id) == "" {
			continue
		}
		own = append(own, id)
		if _, err := l.character(ctx, id); err != nil {
			problems = append(problems, Explain(err))
		}
	}
	if len(own) > 0 {
		c.Found += ", and " + strings.Join(own, ", ")
	}
	if len(problems) > 0 {
		c.Problem, c.Mend = strings.Join(problems, "\n"), "change what is named above; characters/README.md describes the files"
	}
	return c
}

// nowhere takes frames that nobody is to see.
type nowhere struct{}

// WriteFrame does nothing.
func (nowhere) WriteFrame(*compositor.Frame) error { return nil }

// checkScenes makes ready all scenes, as a show would.
func checkScenes(cfg Config) Check {
	cfg = cfg.withAssets()
	l := newLibrary(cfg)
	c := Check{Name: "scenes", Found: "the program's"}
	scenes, own, err := l.loadScenes()
	if len(own) > 0 {
		c.Found += ", and " + strings.Join(own, ", ")
	}
	if err == nil {
		_, err = compositor.New(compositor.Config{Width: cfg.Stream.Width, Height: cfg.Stream.Height, Scenes: scenes, Art: l.art(), Sink: nowhere{}})
	}
	if err != nil {
		c.Problem, c.Mend = err.Error(), "change what is named above; scenes/README.md describes the files"
	}
	return c
}

// others are ports of programs that stand around a show in some deployments; nothing in this one listens there.
var others = map[string]string{"TRAEFIK_HTTP_PORT": "Traefik", "TRAEFIK_HTTPS_PORT": "Traefik", "TRAEFIK_DASHBOARD_PORT": "Traefik", "REDIS_PORT": "Redis"}

// checkVariables finds settings that look like ours and are not.
func checkVariables(environ []string) Check {
	c := Check{Name: "variables", Found: "no unknown SOTHEBAIS_ variable", Warning: true}
	known := []string{"SOTHEBAIS_DATA_DIR", "SOTHEBAIS_SHOW", "SOTHEBAIS_PERSONALITY", "SOTHEBAIS_BIND", "SOTHEBAIS_OWNER_PASSWORD", "SOTHEBAIS_TRUST",
		"SOTHEBAIS_PACKAGE_SOURCES", "SOTHEBAIS_KEY", "SOTHEBAIS_KEY_PASSWORD"}
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if what, foreign := others[name]; foreign {
			c.Problem, c.Mend = name+" changes nothing here: this program has no "+what, "unset it, or give it to the "+what+" that stands before or beside this program"
		}
		if !strings.HasPrefix(name, "SOTHEBAIS_") || slices.Contains(known, name) {
			continue
		}
		c.Problem, c.Mend = name+" is not a setting", "unset it; the settings are: "+strings.Join(known, ", ")
	}
	return c
}

func checkPorts(cfg Config) []Check {
	var out []Check
	for _, p := range cfg.Ports.All() {
		c := Check{Name: "port", Found: fmt.Sprintf("%s %d is free", p.Name, p.N)}
		ln, err := p.Listen(cfg.Bind)
		if errors.Is(err, errBind) {
			return []Check{{Name: "port", Problem: err.Error(), Mend: "set SOTHEBAIS_BIND"}}
		}
		if err != nil {
			c.Found = ""
			c.Problem, c.Mend = err.Error(), "set "+p.Name
			if errors.Is(err, ErrPort) {
				c.Mend = fmt.Sprintf("if that is a running show, all is well; else set %s", p.Name)
			}
		} else {
			_ = ln.Close()
		}
		out = append(out, c)
	}
	return out
}
