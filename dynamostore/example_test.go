package dynamostore_test

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dynamostore"
)

// cfg is what config.LoadDefaultConfig of github.com/aws/aws-sdk-go-v2/config returns.
var cfg aws.Config

// The table is created once, and waited for.
func ExampleNew() {
	ctx := context.Background()
	client := dynamodb.NewFromConfig(cfg)

	table := dynamostore.Schema(nil)
	table.DeletionProtectionEnabled = aws.Bool(true)
	_, err := client.CreateTable(ctx, table)
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
		panic(err)
	}
	active := dynamodb.NewTableExistsWaiter(client)
	if err := active.Wait(ctx, &dynamodb.DescribeTableInput{TableName: table.TableName}, 5*time.Minute); err != nil {
		panic(err)
	}

	store, err := dynamostore.New(ctx, client, nil)
	if err != nil {
		panic(err)
	}
	keyring, err := factor.NewKeyring(make([]byte, 32)) // a secret key of the host's
	if err != nil {
		panic(err)
	}
	verifier, err := factor.NewVerifier(store, keyring, nil)
	if err != nil {
		panic(err)
	}
	_ = factor.NewOTPIssuer(verifier)
}
