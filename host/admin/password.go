package admin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2id with the first set of parameters that OWASP names: 19 MiB, two passes, one lane.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

var errHash = errors.New("not an argon2id hash of ours")

// hashPassword gives the PHC string of a password under a new salt.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // cannot fail: it ends the program instead
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

// checkPassword reports whether the PHC string belongs to the password.
func checkPassword(phc, password string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errHash
	}
	var m, t uint32
	var p uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil {
		return false, fmt.Errorf("%w: %s", errHash, parts[3])
	}
	// Another program may have written it; a cost beyond reason would stop this one.
	if m < 8 || m > 1<<18 || t < 1 || t > 16 || p < 1 || p > 16 {
		return false, fmt.Errorf("%w: costs out of range: %s", errHash, parts[3])
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) < 16 || len(salt) < 8 {
		return false, fmt.Errorf("%w: salt or key", errHash)
	}
	got := argon2.IDKey([]byte(password), salt, t, m, p, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// syllables are 64, so that a random byte picks one without bias: easy to read aloud and to type.
var syllables = strings.Fields(`
ba be bi bo bu da de di do du fa fe fi fo fu ga ge gi go gu ha he hi
ho hu ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu pa
pe pi po pu ra re ri ro ru sa se si so su ta te ti to`)

// newPassword is 16 random syllables in four groups: 96 bits.
func newPassword() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:])
	var b strings.Builder
	for i, r := range raw {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteString(syllables[int(r)%len(syllables)])
	}
	return b.String()
}

// newToken is 256 random bits for a cookie, a link or an epoch.
func newToken() string { return rand.Text() + rand.Text() }
