package compositor

import "golang.org/x/sys/cpu"

//go:noescape
func blendAVX2(dst, src, a *byte, n int)

//go:noescape
func blendAVX512(dst, src, a *byte, n int)

func machineKernels() []kernel {
	var ks []kernel
	if cpu.X86.HasAVX2 {
		ks = append(ks, kernel{"avx2", wide(blendAVX2, 32)})
	}
	if cpu.X86.HasAVX512BW {
		ks = append(ks, kernel{"avx512", wide(blendAVX512, 64)})
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
