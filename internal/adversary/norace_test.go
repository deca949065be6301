//go:build !race

package adversary

const shallower = 0
