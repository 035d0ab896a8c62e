package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Size of the programme in these tests.
const (
	width, height, fps = 1280, 720, 30
	rate               = 48000
)

// rect is a part of the picture.
type rect struct{ x, y, w, h int }

// Places of the scene "lot on the block", from scenes/lot.scene.json.
var (
	pricePlace = rect{532, 589, 360, 58}
	titlePlace = rect{62, 606, 424, 40}
	hostPlace  = rect{780, 90, 380, 360}
	mouthPlace = rect{880, 360, 190, 110}
	artPlace   = rect{78, 98, 396, 396}
)

// picture is RGB, three bytes a pixel.
type picture []byte

// look plays the stream with FFmpeg for a moment and gives the newest picture: a player begins at a key frame of the past.
func look(t *testing.T, url string) picture {
	t.Helper()
	out := tool(t, time.Minute, "ffmpeg", "-v", "error", "-i", url, "-t", "3.5", "-vf", "fps=4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-an", "pipe:1")
	n := len(out) / (width * height * 3)
	if n == 0 {
		t.Fatal("the stream has no picture")
	}
	return out[(n-1)*width*height*3 : n*width*height*3]
}

// differs is the share of pixels of a place that are not alike in two pictures.
func differs(a, b picture, r rect) float64 {
	n := 0
	for y := r.y; y < r.y+r.h; y++ {
		for x := r.x; x < r.x+r.w; x++ {
			o := (y*width + x) * 3
			d := 0
			for c := range 3 {
				d = max(d, abs(int(a[o+c])-int(b[o+c])))
			}
			if d > 48 {
				n++
			}
		}
	}
	return float64(n) / float64(r.w*r.h)
}

func abs(x int) int { return max(x, -x) }

// spread is the standard deviation of the brightness of a place: nothing at all is 0.
func spread(p picture, r rect) float64 {
	var sum, sq float64
	for y := r.y; y < r.y+r.h; y++ {
		for x := r.x; x < r.x+r.w; x++ {
			v := float64(p[(y*width+x)*3+1])
			sum, sq = sum+v, sq+v*v
		}
	}
	n := float64(r.w * r.h)
	return math.Sqrt(max(0, sq/n-(sum/n)*(sum/n)))
}

// openMouth is how many pixels of the mouth's place have the colour of the inside of a mouth, in each frame of an input of
// FFmpeg.
func openMouth(t *testing.T, input ...string) []int {
	t.Helper()
	r := mouthPlace
	crop := fmt.Sprintf("fps=%d,crop=%d:%d:%d:%d", fps, r.w, r.h, r.x, r.y) // a dropped frame is the one before again
	out := tool(t, 3*time.Minute, "ffmpeg", decoded(input, "-vf", crop, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-an")...)
	var open []int
	for size := r.w * r.h * 3; len(out) >= size; out = out[size:] {
		n := 0
		for i := 0; i < size; i += 3 {
			red, green, blue := int(out[i]), int(out[i+1]), int(out[i+2])
			if red > 85 && red-green > 55 && blue > green-10 && green < 140 && red-blue > 20 {
				n++
			}
		}
		open = append(open, n)
	}
	return open
}

// decoded are the arguments with which FFmpeg writes an input to its output.
func decoded(input []string, how ...string) []string {
	return slices.Concat([]string{"-v", "error"}, input, how, []string{"pipe:1"})
}

// loudness is the sound of each frame of an input of FFmpeg in dBFS.
func loudness(t *testing.T, input ...string) []float64 {
	t.Helper()
	out := tool(t, time.Minute, "ffmpeg", decoded(input, "-vn", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", strconv.Itoa(rate), "-f", "s16le")...)
	var level []float64
	const size = rate / fps * 2
	for ; len(out) >= size; out = out[size:] {
		var sq float64
		for i := 0; i < size; i += 2 {
			v := float64(int16(uint16(out[i]) | uint16(out[i+1])<<8))
			sq += v * v
		}
		level = append(level, 10*math.Log10(sq/(size/2)/(32768*32768)+1e-12))
	}
	return level
}

// stream is what ffprobe tells of one stream of a file.
type stream struct {
	Codec    string `json:"codec_name"`
	Type     string `json:"codec_type"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Rate     string `json:"avg_frame_rate"`
	Sample   string `json:"sample_rate"`
	Channels int    `json:"channels"`
	Duration string `json:"duration"`
	Start    string `json:"start_time"`
}

// probe judges a recording with ffprobe: codecs, size, rate, key frames, gaps, and that sound and picture end together.
func probe(t *testing.T, file string) {
	t.Helper()
	var p struct {
		Streams []stream `json:"streams"`
		Packets []struct {
			Time  string `json:"pts_time"`
			Flags string `json:"flags"`
		} `json:"packets"`
	}
	out := tool(t, time.Minute, "ffprobe", "-v", "error", "-show_streams", "-select_streams", "v", "-show_packets", "-show_entries", "packet=pts_time,flags", "-of", "json", file)
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Streams) != 1 || p.Streams[0].Codec != "h264" || p.Streams[0].Width != width || p.Streams[0].Height != height {
		t.Errorf("picture: %+v, want H.264 of %dx%d", p.Streams, width, height)
	}
	lastKey, last := 0.0, -1.0
	for i, k := range p.Packets {
		at, err := strconv.ParseFloat(k.Time, 64)
		if err != nil {
			t.Fatal(err)
		}
		if last >= 0 && at <= last {
			t.Errorf("frame %d at %.3f s is not behind the one before at %.3f s", i, at, last)
		}
		last = at
		if k.Flags[0] == 'K' {
			if at-lastKey > 3.05 {
				t.Errorf("no key frame between %.2f s and %.2f s; X wants one every 3 s", lastKey, at)
			}
			lastKey = at
		}
	}
	var a struct {
		Streams []stream `json:"streams"`
	}
	if err := json.Unmarshal(tool(t, time.Minute, "ffprobe", "-v", "error", "-show_streams", "-of", "json", file), &a); err != nil {
		t.Fatal(err)
	}
	ends := map[string]float64{}
	for _, s := range a.Streams {
		if s.Type == "audio" && (s.Codec != "aac" || s.Sample != "48000" || s.Channels != 2) {
			t.Errorf("sound: %+v, want AAC in stereo at 48 kHz", s)
		}
		d, _ := strconv.ParseFloat(s.Duration, 64)
		begin, _ := strconv.ParseFloat(s.Start, 64)
		ends[s.Type] = begin + d
	}
	t.Logf("the recording's picture ends at %.3f s, its sound at %.3f s", ends["video"], ends["audio"])
	if skew := math.Abs(ends["audio"] - ends["video"]); len(ends) != 2 || skew > 0.055 { // 40 ms, and what frames of 33 ms and 21 ms leave open
		t.Errorf("sound ends at %.3f s, picture at %.3f s", ends["audio"], ends["video"])
	}
}
