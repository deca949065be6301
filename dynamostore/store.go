package dynamostore

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithytime "github.com/aws/smithy-go/time"
	"github.com/knowhave/factor"
)

// Store is a factor.Store in a table of DynamoDB. Make one with New. Its methods may
// be called from many goroutines and many processes at once.
type Store struct {
	client *dynamodb.Client
	table  *string
}

// Options are the options of New and Schema. The zero value, and nil, means the
// defaults.
type Options struct {
	// Table is the name of the table, by default factor_records.
	Table string
}

//go:embed table.json
var schema []byte

// Schema returns what creates the table, with on-demand capacity. The host may add
// tags, a key for encryption, protection from deletion or capacities. The file
// table.json says the same for the command line of AWS.
func Schema(opts *Options) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{}
	_ = json.Unmarshal(schema, in) // the file is part of the package, and tested
	in.TableName = aws.String(cmp.Or(cmp.Or(opts, &Options{}).Table, *in.TableName))
	return in
}

// New returns a Store in a table that exists. It asks DynamoDB how the table is made,
// and reads from it. It refuses a table whose keys, or those of its index, are not as
// Schema has them, one with a time to live, and a global table.
func New(ctx context.Context, client *dynamodb.Client, opts *Options) (*Store, error) {
	s := &Store{client, Schema(opts).TableName}
	is, err1 := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: s.table})
	life, err2 := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: s.table})
	_, err3 := s.Load(ctx, "-") // fails where the keys are others, or the table is not ready
	_, err4 := s.List(ctx, "", time.Unix(1<<40, 0), 1)
	err := cmp.Or(err1, err2, err3, err4)
	switch {
	case err != nil:
		err = fmt.Errorf("it must be as Schema has it, active, and open to DescribeTable, DescribeTimeToLive, GetItem and Query: %w", err)
	case len(is.Table.Replicas) > 0 || is.Table.GlobalTableVersion != nil:
		err = errors.New("it is a global table, whose regions do not see each other's swaps: remove its replicas")
	case life.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusDisabled:
		err = errors.New("its time to live removes records with all that they count: disable it with UpdateTimeToLive")
	}
	if err != nil {
		return nil, fmt.Errorf("dynamostore: the table %s: %w", *s.table, err)
	}
	return s, nil
}

// Load returns the user's record without its Due, or the zero Record if there is
// none.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: s.table, Key: key(user), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return factor.Record{}, err
	}
	version, _ := strconv.ParseInt(text(out.Item, "version"), 10, 64)
	return factor.Record{Version: version, Data: []byte(text(out.Item, "data"))}, nil
}

// CompareAndSwap replaces the user's record by next, or removes it if next is zero,
// provided that the stored version is old; 0 stands for no record. After an error
// that does not match factor.ErrConflict the outcome is open.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) (err error) {
	condition, values := "attribute_not_exists(user_id)", item(nil)
	if old != 0 {
		condition, values = "version = :old", item{":old": number(old)}
	}
	i := key(user)
	if next.IsZero() {
		_, err = s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: s.table, Key: i, ConditionExpression: &condition, ExpressionAttributeValues: values}, once)
	} else {
		i["version"], i["data"] = number(next.Version), bytes(string(next.Data))
		if !next.Due.IsZero() {
			i["due"], i["due_shard"] = number(next.Due.UnixMilli()), i["user_shard"]
		}
		_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table, Item: i, ConditionExpression: &condition, ExpressionAttributeValues: values}, once)
	}
	if _, other := errors.AsType[*types.ConditionalCheckFailedException](err); other {
		return factor.ErrConflict
	}
	return err
}

// once keeps the SDK from sending a swap again: the first may have been stored, and
// then the second reports a conflict.
func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// List returns up to limit users after the given one in byte order, and fewer only
// where no more are left. With due not zero, these are those whose Due is in the same
// millisecond or before it, as the index knows them, which is a moment behind.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) (users []string, _ error) {
	// A shard has about a sixteenth of the users, of those in the index few are due.
	q := &dynamodb.QueryInput{TableName: s.table, ProjectionExpression: aws.String("user_id"), ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(min(limit/8+2, 1000))),
		KeyConditionExpression: aws.String("user_shard = :shard AND user_id > :after"), ExpressionAttributeValues: item{}}
	if !due.IsZero() {
		q.IndexName, q.ConsistentRead, q.Limit = aws.String("factor_due"), nil, aws.Int32(1000)
		q.KeyConditionExpression, q.FilterExpression = aws.String("due_shard = :shard AND user_id > :after"), aws.String("due <= :due OR attribute_not_exists(due)")
		q.ExpressionAttributeValues[":due"] = number(due.UnixMilli())
	}
	for len(users) < limit && after != last {
		known := last // up to where all shards are read
		for shard := range int64(shards) {
			q.ExpressionAttributeValues[":shard"] = number(shard)
			q.ExpressionAttributeValues[":after"] = bytes(cmp.Or(after, "\x00")) // which is in no user; a key is never empty
			out, err := s.client.Query(ctx, q)
			if err != nil {
				return nil, err
			}
			for _, i := range out.Items {
				users = append(users, text(i, "user_id"))
			}
			known = min(known, cmp.Or(text(out.LastEvaluatedKey, "user_id"), last))
		}
		slices.Sort(users)
		users = slices.DeleteFunc(users, func(user string) bool { return user > known })
		after = known
	}
	return users[:max(0, min(limit, len(users)))], nil
}

// Versions returns the version of each user's record in the order asked, 0 for a
// user who has none. It asks for a hundred at a time, and again after 50 ms for what
// DynamoDB has left out.
func (s *Store) Versions(ctx context.Context, users []string) (versions []int64, _ error) {
	of := make(map[string]int64, len(users))
	for some := range slices.Chunk(users, 100) {
		asked := types.KeysAndAttributes{ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("user_id, version")}
		for _, user := range some {
			asked.Keys = append(asked.Keys, key(user))
		}
		for rest := map[string]types.KeysAndAttributes{*s.table: asked}; len(rest) > 0; {
			out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: rest})
			if err != nil {
				return nil, err
			}
			for _, i := range out.Responses[*s.table] {
				of[text(i, "user_id")], _ = strconv.ParseInt(text(i, "version"), 10, 64)
			}
			rest = out.UnprocessedKeys // what was too much at once; of one table or none
			_ = smithytime.SleepWithContext(ctx, time.Duration(len(rest))*50*time.Millisecond)
		}
	}
	for _, user := range users {
		versions = append(versions, of[user])
	}
	return versions, nil
}

// item is a record or its key, as DynamoDB has it, and value one of its attributes.
type item = map[string]value
type value = types.AttributeValue

// shards is how many partition keys the users are spread over, as fixed as the hash;
// last is after every user.
const shards, last = 16, "\xff"

func key(user string) item {
	return item{"user_shard": number(int64(crc32.ChecksumIEEE([]byte(user)) % shards)), "user_id": bytes(user)}
}

func number(n int64) value { return &types.AttributeValueMemberN{Value: fmt.Sprint(n)} }
func bytes(b string) value { return &types.AttributeValueMemberB{Value: []byte(b)} }

// text returns the value of a number or of bytes, "" if there is none.
func text(i item, name string) string {
	switch value := i[name].(type) {
	case *types.AttributeValueMemberN:
		return value.Value
	case *types.AttributeValueMemberB:
		return string(value.Value)
	}
	return ""
}
