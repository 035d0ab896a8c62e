package xapi

import (
	"strconv"
	"time"
)

// Ids of posts are numbers whose upper bits are milliseconds (X calls them snowflakes).
const timeShift = 22

func validID(id string) bool {
	n, err := strconv.ParseUint(id, 10, 64)
	return err == nil && n > 0
}

// newer is the id of the later post; what is no id is older than any.
func newer(a, b string) string {
	x, _ := strconv.ParseUint(a, 10, 64)
	y, _ := strconv.ParseUint(b, 10, 64)
	if y > x {
		return b
	}
	return a
}

// before is an id that a post might have had some time before another; "1" when there is no such time.
func before(id string, d time.Duration) string {
	n, err := strconv.ParseUint(id, 10, 64)
	back := uint64(d.Milliseconds()) << timeShift
	if err != nil || n <= back {
		return "1"
	}
	return strconv.FormatUint(n-back, 10)
}
