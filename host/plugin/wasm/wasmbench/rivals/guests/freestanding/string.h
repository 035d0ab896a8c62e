// What the guests need of string.h: the compiler makes instructions of it.
#pragma once
#define memcpy __builtin_memcpy
