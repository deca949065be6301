package dynamo

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dynamostore"
)

// client returns a client of the server at a URL. Its retries are the SDK's own.
func client(endpoint string, change ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &endpoint,
		Region:       "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}, change...)
}

var tables atomic.Int64

// newStore returns an empty store in a table of its own, on a server that the tests
// share.
func newStore(t testing.TB) factor.Store {
	t.Helper()
	return create(t, client(server.SharedDynalite(t)), newTable())
}

func newTable() *dynamostore.Options {
	return &dynamostore.Options{Table: fmt.Sprintf("factor_%d", tables.Add(1))}
}

// create creates a table and returns a store in it.
func create(t testing.TB, c *dynamodb.Client, opts *dynamostore.Options) *dynamostore.Store {
	t.Helper()
	table := dynamostore.Schema(opts)
	if _, err := c.CreateTable(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	// A new table is active after a moment.
	active := dynamodb.NewTableExistsWaiter(c, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	})
	if err := active.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: table.TableName}, time.Minute); err != nil {
		t.Fatal(err)
	}
	store, err := dynamostore.New(t.Context(), c, opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}
