package compositor

// kernel is the set of row functions that the machine runs best. All kernels give the same bytes.
type kernel struct {
	name  string
	blend func(dst, src, a []byte) // dst = src + dst*(255-a)/255; src is premultiplied by a
}

// kernels lists what this machine can run, slowest first; scalar is always there and is the specification.
func kernels() []kernel {
	return append([]kernel{{"scalar", blendScalar}}, machineKernels()...)
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

// lerpRow is a + (b-a)*t/256.
func lerpRow(dst, a, b []byte, t int32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = byte(int32(a[i]) + ((int32(b[i])-int32(a[i]))*t+128)>>8)
	}
}
