package factorctl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onRedis is a host that keeps its records in Redis. It finds nobody listening.
const onRedis = `package main

import (
	"context"
	"fmt"

	"github.com/knowhave/factor/redisstore"
	"github.com/redis/go-redis/v9"
)

func main() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialerRetries: 1, MaxRetries: -1, ContextTimeoutEnabled: true})
	_, err := redisstore.New(context.Background(), client, nil)
	fmt.Println(err)
}
`

func (o *outside) redis(t *testing.T) {
	dir := t.TempDir()
	o.run(t, dir, "go", "mod", "init", "shop.example/onredis")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(onRedis), 0o644); err != nil {
		t.Fatal(err)
	}
	o.run(t, dir, "go", "get", factorPath+"/redisstore@"+o.version)
	o.run(t, dir, "go", "build", ".")
	if got := o.run(t, dir, filepath.Join(dir, "onredis")); !strings.Contains(got, "redisstore: asking for the server's role: ") {
		t.Fatalf("it says\n%s", got)
	}
}
