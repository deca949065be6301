package dynamostore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dynamostore"
)

var _ factor.VersionLister = (*dynamostore.Store)(nil)

// api answers for DynamoDB, with the same text to each call of an operation unless it
// is given a function.
type api struct {
	mu      sync.Mutex
	answers map[string]func(http.ResponseWriter, string)
	calls   []string
}

func says(status int, text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

// newAPI is one of a sound table.
func newAPI() *api {
	return &api{answers: map[string]func(http.ResponseWriter, string){
		"DescribeTable":      says(200, `{"Table": {"TableStatus": "ACTIVE"}}`),
		"DescribeTimeToLive": says(200, `{"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}`),
		"GetItem":            says(200, `{}`),
		"Query":              says(200, `{"Items": []}`),
	}}
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, operation)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	a.answers[operation](w, string(body))
}

func (a *api) count(operation string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, call := range a.calls {
		if call == operation {
			n++
		}
	}
	return n
}

func (a *api) open(t *testing.T, change ...func(*dynamodb.Options)) (*dynamostore.Store, error) {
	t.Helper()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return dynamostore.New(t.Context(), dynamodb.New(dynamodb.Options{
		BaseEndpoint: &s.URL,
		Region:       "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}, change...), nil)
}

// cut closes the connection instead of an answer.
func cut(w http.ResponseWriter, _ string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// Only a condition that failed says that nothing was written. A swap is sent once,
// whatever the client does with other calls.
func TestSwapIsSentOnceAndSaysWhatIsKnown(t *testing.T) {
	exception := func(status int, name string) func(http.ResponseWriter, string) {
		return says(status, `{"__type": "com.amazonaws.dynamodb.v20120810#`+name+`", "message": "no"}`)
	}
	removal, write := factor.Record{}, factor.Record{Version: 2, Data: []byte("x")}
	for name, c := range map[string]struct {
		answer   func(http.ResponseWriter, string)
		conflict bool
	}{
		"the connection is cut": {cut, false},
		"condition failed":      {exception(400, "ConditionalCheckFailedException"), true},
		"a transaction":         {exception(400, "TransactionConflictException"), false},
		"throttled":             {exception(400, "ProvisionedThroughputExceededException"), false},
		"its own error":         {exception(500, "InternalServerError"), false},
		"unavailable":           {exception(503, "ServiceUnavailable"), false},
	} {
		a := newAPI()
		a.answers["PutItem"], a.answers["DeleteItem"] = c.answer, c.answer
		for clients, change := range map[string]func(*dynamodb.Options){
			"default":   func(*dynamodb.Options) {},
			"insistent": func(o *dynamodb.Options) { o.RetryMaxAttempts, o.RetryMode = 5, aws.RetryModeAdaptive },
		} {
			store, err := a.open(t, change)
			if err != nil {
				t.Fatal(err)
			}
			for operation, next := range map[string]factor.Record{"PutItem": write, "DeleteItem": removal} {
				before := a.count(operation)
				err := store.CompareAndSwap(t.Context(), "alice@host.example", 1, next)
				if err == nil || errors.Is(err, factor.ErrConflict) != c.conflict || strings.Contains(err.Error(), "alice") {
					t.Errorf("%s, %s client: %s answers %v, want a conflict: %v", name, clients, operation, err, c.conflict)
				}
				if n := a.count(operation) - before; n != 1 {
					t.Errorf("%s, %s client: %s was sent %d times", name, clients, operation, n)
				}
			}
		}
	}
}

func TestUnsafeTableIsRefusedWithTheRemedy(t *testing.T) {
	for name, c := range map[string]struct{ operation, answer, says string }{
		"sound":                {"DescribeTable", `{"Table": {"TableStatus": "ACTIVE"}}`, ""},
		"replicas":             {"DescribeTable", `{"Table": {"Replicas": [{"RegionName": "eu-west-1"}]}}`, "remove its replicas"},
		"an old global table":  {"DescribeTable", `{"Table": {"GlobalTableVersion": "2017.11.29"}}`, "remove its replicas"},
		"a time to live":       {"DescribeTimeToLive", `{"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "due"}}`, "UpdateTimeToLive"},
		"a time to live comes": {"DescribeTimeToLive", `{"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLING"}}`, "UpdateTimeToLive"},
	} {
		a := newAPI()
		a.answers[c.operation] = says(200, c.answer)
		_, err := a.open(t)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), "factor_records") || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: New answers %v, want %q", name, err, c.says)
		}
	}
	for _, operation := range []string{"DescribeTable", "DescribeTimeToLive", "GetItem", "Query"} {
		a := newAPI()
		a.answers[operation] = says(400, `{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no"}`)
		if _, err := a.open(t); err == nil || !strings.Contains(err.Error(), operation) {
			t.Errorf("without permission for %s New answers %v", operation, err)
		}
	}
}

// DynamoDB answers a part of a batch, and leaves the rest to be asked for again.
func TestVersionsAsksForWhatWasLeftOut(t *testing.T) {
	a := newAPI()
	key := `{"user_shard": {"N": "1"}, "user_id": {"B": "Ym9i"}}`
	a.answers["BatchGetItem"] = func(w http.ResponseWriter, body string) {
		if strings.Contains(body, "YWxpY2U=") {
			fmt.Fprint(w, `{"Responses": {"factor_records": [{"user_id": {"B": "YWxpY2U="}, "version": {"N": "9007199254740991"}}]},
				"UnprocessedKeys": {"factor_records": {"Keys": [`+key+`]}}}`)
			return
		}
		fmt.Fprint(w, `{"Responses": {"factor_records": [{"user_id": {"B": "Ym9i"}, "version": {"N": "7"}}]}}`)
	}
	store, err := a.open(t)
	if err != nil {
		t.Fatal(err)
	}
	versions, err := store.Versions(t.Context(), []string{"bob", "carol", "alice"})
	if want := []int64{7, 0, 1<<53 - 1}; err != nil || !slices.Equal(versions, want) || a.count("BatchGetItem") != 2 {
		t.Fatalf("Versions = %v, %v in %d questions; want %v in 2", versions, err, a.count("BatchGetItem"), want)
	}
}

// DynamoDB leaves keys out because it is busy. Asked again at once, it would get some
// thousand questions in this time.
func TestVersionsGivesABusyTableTime(t *testing.T) {
	a := newAPI()
	a.answers["BatchGetItem"] = says(200, `{"UnprocessedKeys": {"factor_records": {"Keys": [{"user_shard": {"N": "1"}, "user_id": {"B": "Ym9i"}}]}}}`)
	store, err := a.open(t)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if versions, err := store.Versions(ctx, []string{"bob"}); err == nil {
		t.Errorf("Versions = %v without an answer", versions)
	}
	if n := a.count("BatchGetItem"); n > 50 {
		t.Errorf("Versions asked %d times", n)
	}
}

func TestSchemaIsThatOfTheFile(t *testing.T) {
	for want, opts := range map[string]*dynamostore.Options{"factor_records": nil, "shop_factors": {Table: "shop_factors"}} {
		s := dynamostore.Schema(opts)
		if *s.TableName != want || len(s.KeySchema) != 2 || len(s.AttributeDefinitions) != 3 || len(s.GlobalSecondaryIndexes) != 1 || s.BillingMode == "" {
			t.Errorf("Schema of %s = %+v", want, s)
		}
	}
}

// DynamoDB takes limits from 1 to what is an int32.
func TestHugeLimitIsOneThatDynamoDBTakes(t *testing.T) {
	for _, limit := range []int{1, 1000, 1 << 34, 1<<35 - 16, 1<<63 - 1} {
		a := newAPI()
		store, err := a.open(t)
		if err != nil {
			t.Fatal(err)
		}
		a.answers["Query"] = func(w http.ResponseWriter, body string) {
			var query struct{ Limit int64 }
			if err := json.Unmarshal([]byte(body), &query); err != nil || query.Limit < 1 || query.Limit < min(int64(limit)/16, 1000) {
				t.Errorf("List with limit %d asks each shard for %d users, %v", limit, query.Limit, err)
			}
			fmt.Fprint(w, `{"Items": []}`)
		}
		if _, err := store.List(t.Context(), "", time.Time{}, limit); err != nil {
			t.Error(err)
		}
	}
}
