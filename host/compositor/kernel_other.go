//go:build !amd64

package compositor

func machineKernels() []kernel { return nil }
