package factorctl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onEtcd is a program that keeps its records in etcd.
const onEtcd = `package main

import (
	"context"
	"fmt"

	"github.com/knowhave/factor/etcdstore"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func main() {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:1"}})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = etcdstore.New(ctx, client, nil)
	fmt.Println(err)
}
`

func (o *outside) etcd(t *testing.T) {
	dir := t.TempDir()
	o.run(t, dir, "go", "mod", "init", "shop.example/onetcd")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(onEtcd), 0o644); err != nil {
		t.Fatal(err)
	}
	o.run(t, dir, "go", "get", factorPath+"/etcdstore@"+o.version)
	o.run(t, dir, "go", "build", ".")
	if got := o.run(t, dir, filepath.Join(dir, "onetcd")); !strings.Contains(got, "etcdstore: asking for alarms") {
		t.Fatalf("without etcd it says %q", got)
	}
}
