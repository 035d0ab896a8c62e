package compositor

import "golang.org/x/sys/cpu"

//go:noescape
func blendAVX2(dst, src, a *byte, n int)

//go:noescape
func blendAVX512(dst, src, a *byte, n int)

//go:noescape
func sampleAVX2(dst, src *byte, stride int, u, v, du, dv int32, n int)

//go:noescape
func splitAVX2(top, low, y0, a0, y1, a1, cb, cr, ca *byte, n int)

func machineKernels() []kernel {
	var ks []kernel
	if cpu.X86.HasAVX2 {
		ks = append(ks, kernel{"avx2", wide(blendAVX2, 32), sampleWide, splitWide})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasAVX512BW {
		ks = append(ks, kernel{"avx512", wide(blendAVX512, 64), sampleWide, splitWide})
	}
	return ks
}

// short is how many samples are better blended one by one than copied to a block of their own.
const short = 12

// wide runs an assembly kernel over whole blocks. The edges of sprites are mostly shorter than a block, so what is left
// goes through one too.
func wide(asm func(dst, src, a *byte, n int), block int) func(dst, src, a []byte) {
	return func(dst, src, a []byte) {
		n := len(dst) &^ (block - 1)
		if n > 0 {
			_, _ = src[len(dst)-1], a[len(dst)-1] // the assembly checks no bounds
			asm(&dst[0], &src[0], &a[0], n)
		}
		if len(dst)-n < short {
			blendScalar(dst[n:], src[n:], a[n:])
			return
		}
		var d, s, c [64]byte
		copy(d[:], dst[n:])
		copy(s[:], src[n:len(dst)])
		copy(c[:], a[n:len(dst)])
		asm(&d[0], &s[0], &c[0], block)
		copy(dst[n:], d[:])
	}
}

// sampleWide samples four pixels at a time; the last four overlap those before, which are the same again.
func sampleWide(dst []byte, s *pixels, w walk) {
	n := len(dst) / 4
	if n < 4 {
		sampleScalar(dst, s, w)
		return
	}
	sampleFours(dst[:4*(n&^3)], s, w)
	if n&3 != 0 {
		sampleFours(dst[4*(n-4):4*n], s, w.after(n-4))
	}
}

// sampleFours trusts that all lies in the source; the steps fit, for four of them do.
func sampleFours(dst []byte, s *pixels, w walk) {
	sampleAVX2(&dst[0], &s.pix[0], s.w, int32(w.u), int32(w.v), int32(w.du), int32(w.dv), len(dst)/4)
}

// splitWide takes apart up to a block more than it was asked for: a band has room for it.
func splitWide(b *band, n int) {
	splitAVX2(&b.rows[0][0], &b.rows[1][0], &b.y[0][0], &b.a[0][0], &b.y[1][0], &b.a[1][0], &b.cb[0], &b.cr[0], &b.ca[0], n)
}
