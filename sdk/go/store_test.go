package guest

import (
	"errors"
	"strings"
	"testing"
)

func TestStoreInTests(t *testing.T) {
	defer ResetStore()
	if v, err := StoreGet("a"); v != nil || err != nil {
		t.Errorf("%q, error %v; want nothing", v, err)
	}
	long := strings.Repeat("v", 1000) // longer than the first room for it
	if err := StorePut("a", []byte(long)); err != nil {
		t.Fatal(err)
	}
	if v, err := StoreGet("a"); string(v) != long || err != nil {
		t.Errorf("%d bytes, error %v", len(v), err)
	}
	if v, err := StoreAppend([]byte("so: "), "a"); string(v) != "so: "+long || err != nil {
		t.Errorf("appended to %d bytes, error %v", len(v), err)
	}
	if v, err := StoreAppend([]byte("so: "), "b"); string(v) != "so: " || err != nil {
		t.Errorf("nothing appended is %q, error %v", v, err)
	}
	if err := StorePut("a", nil); err != nil {
		t.Fatal(err)
	}
	if v, _ := StoreGet("a"); v != nil {
		t.Errorf("%q after it was deleted", v)
	}
	if err := StorePut("", []byte("v")); !errors.Is(err, StoreResultBadKey) {
		t.Errorf("error %v", err)
	}
}

// TestStoreInTestsIsBounded: as the host bounds it, so that a test sees what happens then.
func TestStoreInTestsIsBounded(t *testing.T) {
	defer ResetStore()
	whole := make([]byte, StoreQuota-1)
	if err := StorePut("k", whole); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{StorePut("j", []byte("v")), StorePut("k", append(whole, 0))} {
		if !errors.Is(err, StoreResultFull) {
			t.Errorf("error %v; want full", err)
		}
	}
	if v, _ := StoreGet("k"); len(v) != len(whole) {
		t.Errorf("%d bytes are left", len(v))
	}
	if err := errors.Join(StorePut("k", whole), StorePut("j", nil)); err != nil { // neither takes more than there is
		t.Error(err)
	}
}
