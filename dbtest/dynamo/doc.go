// Package dynamo tests dynamostore on dynalite, which speaks the API of DynamoDB: the
// suite of dbtest, with answers that are lost and a server that is killed, and the
// torture of dbtest/torture.
//
// dynalite is no DynamoDB. It runs on one machine, knows no throttling, and fills its
// indexes before it answers. What DynamoDB does there and dynalite does not, the tests
// of dynamostore and storetest imitate.
package dynamo
