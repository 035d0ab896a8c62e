// The kernels of turned parts. sampleScalar and splitScalar are their specification; FuzzSample holds them to it byte
// for byte.

#include "textflag.h"

DATA steps<>+0(SB)/8, $0x0000000100000000
DATA steps<>+8(SB)/8, $0x0000000300000002
GLOBL steps<>(SB), RODATA|NOPTR, $16

// the second byte of each of four words, four times: the fraction of 16.16 for each channel of a pixel
DATA fractions<>+0(SB)/8, $0x0505050501010101
DATA fractions<>+8(SB)/8, $0x0d0d0d0d09090909
GLOBL fractions<>(SB), RODATA|NOPTR, $16

DATA half<>+0(SB)/8, $0x0080008000800080
GLOBL half<>(SB), RODATA|NOPTR, $8

// func sampleAVX2(dst, src *byte, stride int, u, v, du, dv int32, n int)
// Four pixels at a time: their neighbours are loaded in pairs by address, for gathering is slow on many machines.
// Requires: AVX, AVX2
TEXT ·sampleAVX2(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         stride+16(FP), AX
	MOVQ         n+40(FP), CX
	LEAQ         (SI)(AX*4), R9
	VMOVD        AX, X8
	VPBROADCASTD X8, X8
	MOVL         u+24(FP), AX
	VMOVD        AX, X0
	VPBROADCASTD X0, X0
	MOVL         v+28(FP), AX
	VMOVD        AX, X1
	VPBROADCASTD X1, X1
	MOVL         du+32(FP), AX
	VMOVD        AX, X2
	VPBROADCASTD X2, X2
	MOVL         dv+36(FP), AX
	VMOVD        AX, X3
	VPBROADCASTD X3, X3
	VMOVDQU      steps<>(SB), X4
	VPMULLD      X4, X2, X5
	VPADDD       X5, X0, X0
	VPMULLD      X4, X3, X5
	VPADDD       X5, X1, X1
	VPSLLD       $2, X2, X2
	VPSLLD       $2, X3, X3
	VMOVDQU      fractions<>(SB), X13
	VPBROADCASTQ half<>(SB), Y14

loop:
	// places of the four, as numbers of pixels
	VPSRLD  $16, X0, X4
	VPSRLD  $16, X1, X5
	VPMULLD X8, X5, X5
	VPADDD  X4, X5, X5
	VMOVQ   X5, AX
	VPEXTRQ $1, X5, BX
	MOVL    AX, DX
	SHRQ    $32, AX
	MOVL    BX, R10
	SHRQ    $32, BX

	// left neighbours in X9 and X11, right ones in X10 and X12
	VMOVQ   (SI)(DX*4), X4
	VMOVHPS (SI)(AX*4), X4, X4
	VMOVQ   (SI)(R10*4), X5
	VMOVHPS (SI)(BX*4), X5, X5
	VSHUFPS $0x88, X5, X4, X9
	VSHUFPS $0xdd, X5, X4, X10
	VMOVQ   (R9)(DX*4), X6
	VMOVHPS (R9)(AX*4), X6, X6
	VMOVQ   (R9)(R10*4), X7
	VMOVHPS (R9)(BX*4), X7, X7
	VSHUFPS $0x88, X7, X6, X11
	VSHUFPS $0xdd, X7, X6, X12

	// left*256 + (right-left)*f, rounded, above and below
	VPSHUFB   X13, X0, X6
	VPMOVZXBW X6, Y6
	VPSHUFB   X13, X1, X7
	VPMOVZXBW X7, Y7
	VPMOVZXBW X9, Y9
	VPMOVZXBW X10, Y10
	VPMOVZXBW X11, Y11
	VPMOVZXBW X12, Y12
	VPSUBW    Y9, Y10, Y10
	VPSUBW    Y11, Y12, Y12
	VPMULLW   Y6, Y10, Y10
	VPMULLW   Y6, Y12, Y12
	VPSLLW    $8, Y9, Y9
	VPSLLW    $8, Y11, Y11
	VPADDW    Y14, Y9, Y9
	VPADDW    Y14, Y11, Y11
	VPADDW    Y9, Y10, Y10
	VPADDW    Y11, Y12, Y12
	VPSRLW    $8, Y10, Y10
	VPSRLW    $8, Y12, Y12

	// and between them
	VPSUBW       Y10, Y12, Y12
	VPMULLW      Y7, Y12, Y12
	VPSLLW       $8, Y10, Y10
	VPADDW       Y14, Y10, Y10
	VPADDW       Y10, Y12, Y12
	VPSRLW       $8, Y12, Y12
	VEXTRACTI128 $1, Y12, X9
	VPACKUSWB    X9, X12, X12
	VMOVDQU      X12, (DI)
	VPADDD       X2, X0, X0
	VPADDD       X3, X1, X1
	ADDQ         $16, DI
	SUBQ         $4, CX
	JG           loop
	VZEROUPPER
	RET

// four pixels of Y, Cb, Cr, A to four of each
DATA apart<>+0(SB)/8, $0x0d0905010c080400
DATA apart<>+8(SB)/8, $0x0f0b07030e0a0602
GLOBL apart<>(SB), RODATA|NOPTR, $16

DATA together<>+0(SB)/8, $0x0000000400000000
DATA together<>+8(SB)/8, $0x0000000500000001
DATA together<>+16(SB)/8, $0x0000000600000002
DATA together<>+24(SB)/8, $0x0000000700000003
GLOBL together<>(SB), RODATA|NOPTR, $32

DATA ones<>+0(SB)/8, $0x0101010101010101
GLOBL ones<>(SB), RODATA|NOPTR, $8

DATA twos<>+0(SB)/8, $0x0002000200020002
GLOBL twos<>(SB), RODATA|NOPTR, $8

// func splitAVX2(top, low, y0, a0, y1, a1, cb, cr, ca *byte, n int)
// Eight columns at a time.
// Requires: AVX, AVX2
TEXT ·splitAVX2(SB), NOSPLIT, $0-80
	MOVQ           top+0(FP), SI
	MOVQ           low+8(FP), DI
	MOVQ           y0+16(FP), R8
	MOVQ           a0+24(FP), R9
	MOVQ           y1+32(FP), R10
	MOVQ           a1+40(FP), R11
	MOVQ           cb+48(FP), R12
	MOVQ           cr+56(FP), R13
	MOVQ           ca+64(FP), DX
	MOVQ           n+72(FP), CX
	VBROADCASTI128 apart<>(SB), Y8
	VMOVDQU        together<>(SB), Y9
	VPBROADCASTQ   ones<>(SB), Y10
	VPBROADCASTQ   twos<>(SB), Y11
	XORQ           AX, AX
	XORQ           BX, BX

split:
	// eight of Y, Cb, Cr and A in the quarters of Y0 and Y1
	VMOVDQU      (SI)(AX*4), Y0
	VMOVDQU      (DI)(AX*4), Y1
	VPSHUFB      Y8, Y0, Y0
	VPSHUFB      Y8, Y1, Y1
	VPERMD       Y0, Y9, Y0
	VPERMD       Y1, Y9, Y1
	VMOVQ        X0, (R8)(AX*1)
	VMOVQ        X1, (R10)(AX*1)
	VEXTRACTI128 $1, Y0, X2
	VEXTRACTI128 $1, Y1, X3
	VPEXTRQ      $1, X2, (R9)(AX*1)
	VPEXTRQ      $1, X3, (R11)(AX*1)

	// sums of pairs, of both rows, rounded
	VPMADDUBSW   Y10, Y0, Y0
	VPMADDUBSW   Y10, Y1, Y1
	VPADDW       Y0, Y1, Y0
	VPADDW       Y11, Y0, Y0
	VPSRLW       $2, Y0, Y0
	VPACKUSWB    Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPEXTRD      $1, X0, (R12)(BX*1)
	VMOVD        X1, (R13)(BX*1)
	VPEXTRD      $1, X1, (DX)(BX*1)
	ADDQ         $8, AX
	ADDQ         $4, BX
	CMPQ         AX, CX
	JL           split
	VZEROUPPER
	RET
