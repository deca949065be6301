package etcdstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/etcdstore"
)

func ExampleNew() {
	ctx := context.Background()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            []string{"https://etcd1:2379", "https://etcd2:2379", "https://etcd3:2379"},
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		// TLS, Username and Password as your etcd wants them
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	store, err := etcdstore.New(ctx, client, &etcdstore.Options{Prefix: "shop/factor/"})
	if err != nil {
		log.Fatal(err) // says what to change in etcd
	}
	keys, err := factor.NewKeyring([]byte("32 random bytes from your vault."))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := factor.NewVerifier(store, keys, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verifier.Holdings(ctx, "alice"))
}
