package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// A client makes calls of factor on the nodes of a place.
type client interface {
	do(ctx context.Context, node int, r request) answer
}

// placeEnv tells a process of this test program to be an app at a place.
const placeEnv = "FACTOR_CLUSTER_PLACE"

// An order is a call that the parent makes a child make.
type order struct {
	Number  int
	Node    int
	Timeout time.Duration
	Request request
}

// A reply is a child's answer to an order.
type reply struct {
	Number int
	Answer answer
}

// serve makes the calls that arrive on standard input until that ends, as it does
// with the parent.
func serve(text string) error {
	var p place
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	a, err := openApp(p)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	replies := json.NewEncoder(os.Stdout)
	if err := replies.Encode(reply{}); err != nil { // it is ready
		return err
	}
	orders := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var o order
		if err := orders.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), o.Timeout)
			defer cancel()
			said := a.do(ctx, o.Node, o.Request)
			mu.Lock()
			defer mu.Unlock()
			_ = replies.Encode(reply{o.Number, said})
		}()
	}
}

// A child is an app in a separate process.
type child struct {
	mu      sync.Mutex
	orders  *json.Encoder
	waiting map[int]chan<- answer
	number  int
	gone    bool
}

// startChild starts a child, which ends with the test.
func startChild(t testing.TB, p place) *child {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), placeEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	replies := json.NewDecoder(bufio.NewReader(out))
	var ready reply
	if err := replies.Decode(&ready); err != nil {
		t.Fatalf("the application's process does not start: %v, %v", err, cmd.Wait())
	}
	c := &child{orders: json.NewEncoder(in), waiting: make(map[int]chan<- answer)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read(replies)
	}()
	t.Cleanup(func() {
		in.Close()
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("the application's process: %v", err)
		}
	})
	return c
}

func (c *child) read(replies *json.Decoder) {
	for {
		var r reply
		err := replies.Decode(&r)
		c.mu.Lock()
		if err != nil {
			c.gone = true
			for _, w := range c.waiting {
				close(w)
			}
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		c.waiting[r.Number] <- r.Answer
		delete(c.waiting, r.Number)
		c.mu.Unlock()
	}
}

// do makes the child make a call, within the context's time.
func (c *child) do(ctx context.Context, node int, r request) answer {
	deadline, _ := ctx.Deadline()
	answers := make(chan answer, 1)
	c.mu.Lock()
	o := order{Number: c.number, Node: node, Timeout: time.Until(deadline), Request: r}
	c.number++
	if c.gone {
		c.mu.Unlock()
		return answer{Class: failed, Text: "the application's process is gone"}
	}
	c.waiting[o.Number] = answers
	err := c.orders.Encode(o)
	c.mu.Unlock()
	if err != nil {
		return answer{Class: failed, Text: fmt.Sprintf("the application's process: %v", err)}
	}
	said, ok := <-answers
	if !ok {
		return answer{Class: open, Text: "the application's process has died"}
	}
	return said
}
