//go:build !wasip1

package guest

import "encoding/binary"

// le reads and writes numbers as the contract has them.
var le = binary.LittleEndian
