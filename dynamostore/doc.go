// Package dynamostore keeps records in a table of Amazon DynamoDB.
//
// The host makes the client, creates the table once with what Schema returns, waits
// until it is active, and opens it with New each time it starts:
//
//	client := dynamodb.NewFromConfig(cfg)
//	_, err := client.CreateTable(ctx, dynamostore.Schema(nil))
//	…
//	store, err := dynamostore.New(ctx, client, nil)
//
// # What keeps the promises
//
// A swap is one conditional PutItem or DeleteItem, which is durable when DynamoDB
// answers. Reads are consistent, except those of List with due. These settings must be
// right:
//
//   - No retries. The AWS SDK sends a request up to four times. If the first was
//     stored and its answer was lost, the second finds a version that it does not
//     expect, and reports a conflict for a write that happened. The Store turns the
//     SDK's retries off for each swap, whatever the client has. It cannot turn off those
//     of middleware that the host adds, of an HTTP client of its own, or of a proxy.
//   - No time to live (TTL). It would remove records, and with them the counts of
//     wrong guesses. New refuses a table that has it.
//   - No global table. Each of its regions accepts a swap from one version, and the
//     later one wins. New refuses a table with replicas, those with strong consistency
//     between regions included, which were not tried.
//   - Only Stores write to the table. What else does can give guesses back.
//
// A table that is restored, from an on-demand backup or to a point in time, has the
// counts of then: guesses since are forgotten, and codes that were used since can be
// used again within their life. See docs/operations.md of the library for what to do
// then. Without protection from deletion a table can be dropped by a slip of the hand.
//
// New calls DescribeTable and DescribeTimeToLive, and the Store GetItem, BatchGetItem,
// PutItem, DeleteItem and Query. Its role needs these permissions, Query for the
// table's indexes too. Errors are the SDK's. They name the operation and no user.
//
// # The table
//
// The partition key is user_shard, the CRC-32 of the user modulo 16, and the sort key is
// user_id, in bytes: a List is 16 queries whose answers are merged. An item also has
// version, data, which is sealed, and, if the record has a Due, due in milliseconds since
// 1970 and due_shard, which repeats user_shard. Only such items are in the index
// factor_due, which List with due reads. DynamoDB fills an index a moment after its
// table, so Admin.Sweep may find a user one call later.
//
// A throttled swap is answered with an error after which the outcome counts as open.
// Choose a table with on-demand capacity, as Schema does, or provision for the bursts.
//
// The tests run on dynalite 4.0.0, which speaks the API of DynamoDB, with
// github.com/aws/aws-sdk-go-v2/service/dynamodb v1.74.0.
package dynamostore
