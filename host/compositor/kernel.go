package compositor

import "encoding/binary"

// kernel is the set of row functions that the machine runs best. All kernels give the same bytes.
type kernel struct {
	name   string
	blend  func(dst, src, a []byte)            // dst = src + dst*(255-a)/255; src is premultiplied by a
	sample func(dst []byte, s *pixels, w walk) // as sampleScalar
	split  func(b *band, n int)                // as splitScalar
}

// kernels lists what this machine can run, slowest first; scalar is always there and is the specification.
func kernels() []kernel {
	return append([]kernel{{"scalar", blendScalar, sampleScalar, splitScalar}}, machineKernels()...)
}

// bestKernel is the fastest of them.
func bestKernel() kernel {
	all := kernels()
	return all[len(all)-1]
}

// over is s + d*(255-a)/255, rounded.
func over(d, s byte, a uint32) byte {
	t := uint32(d)*(255-a) + 128
	return s + byte((t+t>>8)>>8)
}

// scale is v*k/255, rounded.
func scale(v byte, k uint32) byte {
	t := uint32(v)*k + 128
	return byte((t + t>>8) >> 8)
}

func blendScalar(dst, src, a []byte) {
	if len(dst) == 0 {
		return
	}
	src, a = src[:len(dst)], a[:len(dst)]
	for i, d := range dst {
		dst[i] = over(d, src[i], uint32(a[i]))
	}
}

// blendFaded blends a source that is itself at alpha/255; a nil coverage is wholly opaque.
func blendFaded(dst, src, a []byte, alpha uint32) {
	if a == nil {
		for i, d := range dst {
			dst[i] = over(d, scale(src[i], alpha), alpha)
		}
		return
	}
	for i, d := range dst {
		dst[i] = over(d, scale(src[i], alpha), uint32(scale(a[i], alpha)))
	}
}

// lerpRow is a + (b-a)*t/256 for t from 0 to 256, eight samples at a time in the lanes of two words.
func lerpRow(dst, a, b []byte, t uint64) {
	const lanes, round = 0x00ff00ff_00ff00ff, 0x00800080_00800080
	a, b = a[:len(dst)], b[:len(dst)]
	n := len(dst) &^ 7
	for i := 0; i < n; i += 8 {
		p, q := binary.LittleEndian.Uint64(a[i:]), binary.LittleEndian.Uint64(b[i:])
		low := ((p&lanes)*(256-t) + (q&lanes)*t + round) >> 8 & lanes
		high := ((p>>8&lanes)*(256-t) + (q>>8&lanes)*t + round) &^ lanes
		binary.LittleEndian.PutUint64(dst[i:], low|high)
	}
	for i := n; i < len(dst); i++ {
		dst[i] = byte((uint64(a[i])*(256-t) + uint64(b[i])*t + 128) >> 8)
	}
}
