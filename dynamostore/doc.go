// Package dynamostore keeps records in a table of Amazon DynamoDB.
//
// The host makes the client, creates the table with what Schema returns, and opens
// it with New:
//
//	client := dynamodb.NewFromConfig(cfg)
//	_, err := client.CreateTable(ctx, dynamostore.Schema(nil))
//	…
//	store, err := dynamostore.New(ctx, client, nil)
//
// # What keeps the promises
//
// A swap is one conditional PutItem or DeleteItem, which DynamoDB has stored in two
// availability zones at least when it answers. All reads are consistent, except List
// with due. These settings must be right:
//
//   - No retries. The AWS SDK sends a request up to three times. If the first was
//     stored and its answer was lost, the second finds a version that it does not
//     expect, and reports a conflict for a write that happened. The Store turns the
//     SDK's retries off for each swap, whatever the client has. It cannot turn off those
//     of an HTTP client of the host's own, or of a proxy: they must not repeat a POST.
//   - No time to live (TTL). It would remove records, and with them the counts of
//     wrong guesses. New refuses a table that has it.
//   - No global table. Its regions each accept a swap from one version, and the later
//     one wins. New refuses a table with replicas. It also refuses those with strong
//     consistency between regions, which were not tried.
//   - Nobody else writes. Restoring a backup brings the counts of its time back, and codes that
//     have been used since; see docs/operations.md of the library on restores. A
//     restore makes a new table, without the TTL but also without the alarms of the old one.
//
// New needs the permissions dynamodb:DescribeTable and dynamodb:DescribeTimeToLive,
// and the Store GetItem, BatchGetItem, PutItem, DeleteItem and Query, the last on the
// table's indexes too.
//
// # The table
//
// The partition key is user_shard, a number below 16 that the user's FNV-1a hash gives, and
// the sort key is user_id, in bytes: so a List is 16 queries whose answers are merged. An item
// also has version, data, which is sealed, and, if the record has a Due, due in
// milliseconds since 1970 and due_shard, which repeats user_shard. Only such items are in
// the index factor_due, which List with due reads. DynamoDB keeps an index a moment
// behind its table, so Admin.Sweep may find a user one call later.
//
// A throttled swap is answered with an error after which the outcome counts as open.
// Choose a table with on-demand capacity, as Schema does, or provision for the bursts.
//
// The tests run on dynalite 4.0.0, which speaks the API of DynamoDB, with
// github.com/aws/aws-sdk-go-v2/service/dynamodb v1.74.0.
package dynamostore
