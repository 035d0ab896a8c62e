package xsim

import "time"

// faults are what can be asked of the simulator to try a client: errors, silence, a cut.
type faults struct {
	status     int // answered to every call of the API
	until      time.Time
	stallUntil time.Time     // the stream sends nothing, not even keep-alives
	cut        chan struct{} // closed to end the open stream by X's word
}

// Fail makes every call answer with a status for a while.
func (s *Server) Fail(status int, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.status, s.faults.until = status, time.Now().Add(d)
}

// Stall makes the stream fall silent for a while; what it would have brought is lost to it.
func (s *Server) Stall(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.stallUntil = time.Now().Add(d)
}

// Disconnect ends the open stream with an operational disconnect.
func (s *Server) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.faults.cut)
	s.faults.cut = make(chan struct{}) // for streams that are opened from here on
}

func (s *Server) fault() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.faults.until) {
		return s.faults.status
	}
	return 0
}

func (s *Server) stalled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.faults.stallUntil)
}
