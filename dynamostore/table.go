package dynamostore

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Options are the options of New and Schema. The zero value, and nil, means the
// defaults.
type Options struct {
	// Table is the name of the table, by default factor_records.
	Table string
}

//go:embed table.json
var schema []byte

// Schema returns what creates the table, with on-demand capacity. The host may add
// to it: tags, a key for encryption, protection from deletion, capacities. The file
// table.json says the same for the command line of AWS.
func Schema(opts *Options) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{}
	if err := json.Unmarshal(schema, in); err != nil {
		panic(err) // it is part of the package
	}
	if opts != nil && opts.Table != "" {
		in.TableName = aws.String(opts.Table)
	}
	return in
}

// check refuses a table that is not as it should be, or that forgets.
func check(ctx context.Context, client *dynamodb.Client, want *dynamodb.CreateTableInput) error {
	is, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: want.TableName})
	if err != nil {
		return fmt.Errorf("create it with what Schema returns, or let this client describe it: %w", err)
	}
	life, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: want.TableName})
	if err != nil {
		return fmt.Errorf("let this client describe its time to live: %w", err)
	}
	index := slices.IndexFunc(is.Table.GlobalSecondaryIndexes, func(i types.GlobalSecondaryIndexDescription) bool {
		return same(types.GlobalSecondaryIndex{IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection}, want.GlobalSecondaryIndexes[0])
	})
	switch {
	case !same(is.Table.KeySchema, want.KeySchema) || slices.ContainsFunc(want.AttributeDefinitions, func(w types.AttributeDefinition) bool {
		return !slices.ContainsFunc(is.Table.AttributeDefinitions, func(d types.AttributeDefinition) bool { return same(d, w) })
	}):
		return errors.New("its keys are others: create one with what Schema returns")
	case index < 0:
		return fmt.Errorf("it lacks the index %s: add it as Schema has it", *want.GlobalSecondaryIndexes[0].IndexName)
	case is.Table.TableStatus == types.TableStatusCreating || is.Table.GlobalSecondaryIndexes[index].IndexStatus == types.IndexStatusCreating:
		return errors.New("it is being created: wait for it with dynamodb.NewTableExistsWaiter")
	case len(is.Table.Replicas) > 0 || is.Table.GlobalTableVersion != nil:
		return errors.New("it is a global table, whose regions do not see each other's swaps: remove its replicas")
	case life.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusDisabled:
		return errors.New("its time to live removes records with all that they count: disable it with UpdateTimeToLive")
	}
	return nil
}

func same[T any](a, b T) bool { return reflect.DeepEqual(a, b) }
