// Package dynamo runs the suites on a dynamostore.Store whose DynamoDB is dynalite,
// which speaks its API.
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
func client(endpoint string, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &endpoint,
		Region:       "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}, options...)
}

var tables atomic.Int64

// newStore returns an empty store in a table of its own.
func newStore(t testing.TB) factor.Store {
	t.Helper()
	c := client(server.Must(server.SharedDynalite())(t).Endpoint)
	return create(t, c)
}

// create returns a store in a new table, which is gone with the test.
func create(t testing.TB, c *dynamodb.Client) *dynamostore.Store {
	t.Helper()
	opts := &dynamostore.Options{Table: fmt.Sprintf("factor_%d", tables.Add(1))}
	if _, err := c.CreateTable(t.Context(), dynamostore.Schema(opts)); err != nil {
		t.Fatal(err)
	}
	store, err := open(t.Context(), c, opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// open returns a store in a table that may still be in the making.
func open(ctx context.Context, c *dynamodb.Client, opts *dynamostore.Options) (*dynamostore.Store, error) {
	err := dynamodb.NewTableExistsWaiter(c, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(opts.Table)}, time.Minute)
	if err != nil {
		return nil, err
	}
	return dynamostore.New(ctx, c, opts)
}
