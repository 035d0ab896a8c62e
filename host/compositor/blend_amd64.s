// The blend kernels: dst = src + dst*(255-a)/255 with exact rounding, thirty-two or sixty-four samples at a time.
// blendScalar is their specification; FuzzBlend holds them to it byte for byte.

#include "textflag.h"

DATA lo00ff<>+0(SB)/8, $0x00ff00ff00ff00ff
DATA lo00ff<>+8(SB)/8, $0x00ff00ff00ff00ff
DATA lo00ff<>+16(SB)/8, $0x00ff00ff00ff00ff
DATA lo00ff<>+24(SB)/8, $0x00ff00ff00ff00ff
GLOBL lo00ff<>(SB), RODATA|NOPTR, $32

DATA r128<>+0(SB)/8, $0x0080008000800080
DATA r128<>+8(SB)/8, $0x0080008000800080
DATA r128<>+16(SB)/8, $0x0080008000800080
DATA r128<>+24(SB)/8, $0x0080008000800080
GLOBL r128<>(SB), RODATA|NOPTR, $32

// func blendAVX2(dst *byte, src *byte, a *byte, n int)
// Requires: AVX, AVX2
TEXT ·blendAVX2(SB), NOSPLIT, $0-32
	MOVQ     dst+0(FP), AX
	MOVQ     src+8(FP), CX
	MOVQ     a+16(FP), DX
	MOVQ     n+24(FP), BX
	VMOVDQU  lo00ff<>+0(SB), Y0
	VMOVDQU  r128<>+0(SB), Y1
	VPCMPEQB Y2, Y2, Y2
	XORQ     SI, SI

loop:
	CMPQ    SI, BX
	JGE     done
	VMOVDQU (AX)(SI*1), Y3
	VPXOR   (DX)(SI*1), Y2, Y4
	VPAND   Y0, Y3, Y5
	VPAND   Y0, Y4, Y6
	VPSRLW  $0x08, Y3, Y3
	VPSRLW  $0x08, Y4, Y4
	VPMULLW Y6, Y5, Y5
	VPMULLW Y4, Y3, Y3
	VPADDW  Y1, Y5, Y5
	VPADDW  Y1, Y3, Y3
	VPSRLW  $0x08, Y5, Y4
	VPSRLW  $0x08, Y3, Y6
	VPADDW  Y4, Y5, Y5
	VPADDW  Y6, Y3, Y3
	VPSRLW  $0x08, Y5, Y5
	VPANDN  Y3, Y0, Y3
	VPOR    Y5, Y3, Y5
	VPADDB  (CX)(SI*1), Y5, Y5
	VMOVDQU Y5, (AX)(SI*1)
	ADDQ    $0x20, SI
	JMP     loop

done:
	VZEROUPPER
	RET

// func blendAVX512(dst *byte, src *byte, a *byte, n int)
// Requires: AVX, AVX512BW, AVX512F
TEXT ·blendAVX512(SB), NOSPLIT, $0-32
	MOVQ            dst+0(FP), AX
	MOVQ            src+8(FP), CX
	MOVQ            a+16(FP), DX
	MOVQ            n+24(FP), BX
	VBROADCASTI64X4 lo00ff<>+0(SB), Z0
	VBROADCASTI64X4 r128<>+0(SB), Z1
	VPTERNLOGD      $0xff, Z2, Z2, Z2
	XORQ            SI, SI

loop5:
	CMPQ      SI, BX
	JGE       done5
	VMOVDQU64 (AX)(SI*1), Z3
	VPXORQ    (DX)(SI*1), Z2, Z4
	VPANDQ    Z0, Z3, Z5
	VPANDQ    Z0, Z4, Z6
	VPSRLW    $0x08, Z3, Z3
	VPSRLW    $0x08, Z4, Z4
	VPMULLW   Z6, Z5, Z5
	VPMULLW   Z4, Z3, Z3
	VPADDW    Z1, Z5, Z5
	VPADDW    Z1, Z3, Z3
	VPSRLW    $0x08, Z5, Z4
	VPSRLW    $0x08, Z3, Z6
	VPADDW    Z4, Z5, Z5
	VPADDW    Z6, Z3, Z3
	VPSRLW    $0x08, Z5, Z5
	VPANDNQ   Z3, Z0, Z3
	VPORQ     Z5, Z3, Z5
	VPADDB    (CX)(SI*1), Z5, Z5
	VMOVDQU64 Z5, (AX)(SI*1)
	ADDQ      $0x40, SI
	JMP       loop5

done5:
	VZEROUPPER
	RET
