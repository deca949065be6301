package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/knowhave/factor"
)

// Store is a factor.Store in a table of DynamoDB. Make one with New. Its methods may
// be called from many goroutines and many processes at once.
type Store struct {
	client *dynamodb.Client
	table  *string
}

var _ factor.VersionLister = (*Store)(nil)

// New returns a Store in a table that exists. It asks DynamoDB how the table is made,
// and refuses one that Schema would not make, one with a time to live, and a global
// table.
func New(ctx context.Context, client *dynamodb.Client, opts *Options) (*Store, error) {
	want := Schema(opts)
	if err := check(ctx, client, want); err != nil {
		return nil, fmt.Errorf("dynamostore: the table %s: %w", *want.TableName, err)
	}
	return &Store{client, want.TableName}, nil
}

// Load returns the user's record without its Due, or the zero Record if there is
// none.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: s.table, Key: key(user), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return factor.Record{}, fmt.Errorf("dynamostore: load: %w", err)
	}
	return factor.Record{Version: version(out.Item), Data: binary(out.Item, "data")}, nil
}

// CompareAndSwap replaces the user's record by next, or removes it if next is zero,
// provided that the stored version is old; 0 stands for no record. After an error
// that does not match factor.ErrConflict the outcome is open.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	condition, values := "attribute_not_exists(user_id)", item(nil)
	if old != 0 {
		condition, values = "version = :old", item{":old": number(old)}
	}
	var err error
	if next.IsZero() {
		_, err = s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: s.table, Key: key(user), ConditionExpression: &condition, ExpressionAttributeValues: values}, once)
	} else {
		_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table, Item: itemOf(user, next), ConditionExpression: &condition, ExpressionAttributeValues: values}, once)
	}
	_, other := errors.AsType[*types.ConditionalCheckFailedException](err)
	_, rejected := errors.AsType[*types.TransactionConflictException](err) // for the sake of a transaction of somebody else
	if other || rejected {
		return factor.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("dynamostore: swap: %w", err)
	}
	return nil
}

// once keeps the SDK from sending a swap again: the first may have been stored, and
// then the second reports a conflict.
func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// List returns up to limit users after the given one in byte order, and fewer only
// where no more are left. With due not zero, these are those whose Due is in the same
// millisecond or before it, as the index knows them, which is a moment behind.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	var users []string
	for more := true; more && len(users) < limit; {
		var page [shards]*dynamodb.QueryOutput
		var errs [shards]error
		var queries sync.WaitGroup
		for i := range shards {
			queries.Go(func() { page[i], errs[i] = s.client.Query(ctx, s.query(i, after, due, limit)) })
		}
		queries.Wait()
		if err := cmp.Or(errs[:]...); err != nil {
			return nil, fmt.Errorf("dynamostore: list: %w", err)
		}
		known := "" // the first user at which a shard broke off
		for _, out := range page {
			for _, i := range out.Items {
				users = append(users, string(binary(i, "user_id")))
			}
			if last := string(binary(out.LastEvaluatedKey, "user_id")); last != "" && (known == "" || last < known) {
				known = last
			}
		}
		slices.Sort(users)
		users = slices.DeleteFunc(users, func(user string) bool { return known != "" && user > known })
		after, more = known, known != ""
	}
	return users[:max(0, min(limit, len(users)))], nil
}

// query returns one that reads a shard. It goes a little further than a sixteenth of
// the limit; in the index it looks at many, of which few may be due.
func (s *Store) query(shard int, after string, due time.Time, limit int) *dynamodb.QueryInput {
	q := &dynamodb.QueryInput{
		TableName: s.table, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit/8 + 2)), ProjectionExpression: aws.String("user_id"),
		KeyConditionExpression: aws.String("user_shard = :shard AND user_id > :after"),
		// A key is never empty, and no user has a NUL.
		ExpressionAttributeValues: item{":shard": number(int64(shard)), ":after": &types.AttributeValueMemberB{Value: []byte(cmp.Or(after, "\x00"))}},
	}
	if !due.IsZero() {
		q.IndexName, q.ConsistentRead, q.Limit = aws.String("factor_due"), nil, aws.Int32(1000)
		q.KeyConditionExpression, q.FilterExpression = aws.String("due_shard = :shard AND user_id > :after"), aws.String("due <= :due")
		q.ExpressionAttributeValues[":due"] = number(due.UnixMilli())
	}
	return q
}

// Versions returns the version of each user's record in the order asked, 0 for a
// user who has none. It asks for a hundred at a time.
func (s *Store) Versions(ctx context.Context, users []string) ([]int64, error) {
	of := make(map[string]int64, len(users))
	for some := range slices.Chunk(users, 100) {
		asked := types.KeysAndAttributes{ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("user_id, version")}
		for _, user := range some {
			asked.Keys = append(asked.Keys, key(user))
		}
		for rest := map[string]types.KeysAndAttributes{*s.table: asked}; len(rest) > 0; {
			out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: rest})
			if err != nil {
				return nil, fmt.Errorf("dynamostore: versions: %w", err)
			}
			for _, i := range slices.Concat(slices.Collect(maps.Values(out.Responses))...) {
				of[string(binary(i, "user_id"))] = version(i)
			}
			rest = out.UnprocessedKeys // what was too much at once
		}
	}
	versions := make([]int64, len(users))
	for i, user := range users {
		versions[i] = of[user]
	}
	return versions, nil
}

// item is a record or its key, as DynamoDB has it.
type item = map[string]types.AttributeValue

// shards is how many partition keys the users are spread over. It is as fixed as the
// hash.
const shards = 16

func key(user string) item {
	hash := fnv.New32a()
	hash.Write([]byte(user))
	return item{"user_shard": number(int64(hash.Sum32() % shards)), "user_id": &types.AttributeValueMemberB{Value: []byte(user)}}
}

func itemOf(user string, r factor.Record) item {
	i := key(user)
	i["version"], i["data"] = number(r.Version), &types.AttributeValueMemberB{Value: r.Data}
	if !r.Due.IsZero() {
		i["due"], i["due_shard"] = number(r.Due.UnixMilli()), i["user_shard"]
	}
	return i
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// version returns that of an item, 0 if it is none.
func version(i item) (version int64) {
	if n, ok := i["version"].(*types.AttributeValueMemberN); ok {
		version, _ = strconv.ParseInt(n.Value, 10, 64) // only numbers of number are stored
	}
	return version
}

// binary returns the value of an attribute, nil if the item has none.
func binary(i item, name string) []byte {
	if b, ok := i[name].(*types.AttributeValueMemberB); ok {
		return b.Value
	}
	return nil
}
