package dynamo

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/dynamostore"
)

func TestMain(m *testing.M) {
	// A List is 16 requests. The command line may ask for more random sequences.
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
	torture.Main(m, dynalite)
}

func TestStoreOnDynalite(t *testing.T) {
	var change []func(*dynamodb.Options)
	if os.Getenv(retriesEnv) != "" {
		change = append(change, retrying)
	}
	dbtest.Suite{
		New: newStore,
		Contract: func(t *testing.T) factor.Store {
			if strings.Contains(t.Name(), "/Interrupted") {
				return newMortal(t, change...)
			}
			return newStore(t)
		},
		Histories: 60,
	}.Run(t)
}

func TestTableThatIsNotAsSchemaHasItIsRefused(t *testing.T) {
	c := client(server.SharedDynalite(t))
	for name, spoil := range map[string]func(*dynamodb.CreateTableInput){
		"user in text":  func(in *dynamodb.CreateTableInput) { in.AttributeDefinitions[1].AttributeType = "S" },
		"shard in text": func(in *dynamodb.CreateTableInput) { in.AttributeDefinitions[0].AttributeType = "S" },
		"no index": func(in *dynamodb.CreateTableInput) {
			in.GlobalSecondaryIndexes, in.AttributeDefinitions = nil, in.AttributeDefinitions[:2]
		},
		"another index": func(in *dynamodb.CreateTableInput) { in.GlobalSecondaryIndexes[0].IndexName = aws.String("due") },
		"index by shard": func(in *dynamodb.CreateTableInput) {
			in.GlobalSecondaryIndexes[0].KeySchema[0].AttributeName = aws.String("user_shard")
			in.AttributeDefinitions = in.AttributeDefinitions[:2]
		},
		"no sort key": func(in *dynamodb.CreateTableInput) { in.KeySchema = []types.KeySchemaElement{in.KeySchema[0]} },
	} {
		opts := newTable()
		in := dynamostore.Schema(opts)
		spoil(in)
		if _, err := c.CreateTable(t.Context(), in); err != nil {
			t.Fatal(name, err)
		}
		if _, err := dynamostore.New(t.Context(), c, opts); err == nil || !strings.Contains(err.Error(), "as Schema has it") {
			t.Errorf("%s: New answers %v", name, err)
		}
	}
	if _, err := dynamostore.New(t.Context(), c, newTable()); err == nil || !strings.Contains(err.Error(), "as Schema has it") {
		t.Errorf("without a table New answers %v", err)
	}
}

func TestWithoutDynaliteItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, "^TestStoreOnDynalite$/^histories$|^TestPromises", "node", "dynalite")
}
