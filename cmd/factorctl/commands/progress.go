package commands

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// lineEvery is the time between two lines of progress without a terminal.
const lineEvery = 10 * time.Second

// progress shows how far a command is: as a bar on a terminal, otherwise as a line
// every lineEvery.
type progress struct {
	out                 io.Writer // nil shows nothing
	what                string
	done, before, total int // total is 0 if unknown
	start, said         time.Time
	bar                 *progressbar.ProgressBar
}

// progress starts to show how many of total are done; before of them were done in
// earlier runs.
func (a *app) progress(what string, before, total int) *progress {
	p := &progress{what: what, done: before, before: before, total: total, start: time.Now(), said: time.Now()}
	if a.flags.quiet {
		return p
	}
	p.out = a.errs
	if !a.terminal(a.errs) {
		return p
	}
	most := int64(total)
	if total == 0 {
		most = -1
	}
	p.bar = progressbar.NewOptions64(most,
		progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(what),
		progressbar.OptionSetPredictTime(true), progressbar.OptionShowElapsedTimeOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(24),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(a.errs) }),
	)
	_ = p.bar.Set(before) // it only draws
	return p
}

// add counts more as done.
func (p *progress) add(more int) {
	p.done += more
	switch now := time.Now(); {
	case p.bar != nil:
		_ = p.bar.Set(p.done)
	case p.out != nil && now.Sub(p.said) >= lineEvery:
		p.said = now
		fmt.Fprintln(p.out, p.line(now.Sub(p.start)))
	}
}

// line formats count, rate and time left.
func (p *progress) line(passed time.Duration) string {
	rate := float64(p.done-p.before) / passed.Seconds()
	text := fmt.Sprintf("%d %s", p.done, p.what)
	if p.total > 0 {
		text = fmt.Sprintf("%d of %d %s (%d %%)", p.done, p.total, p.what, 100*p.done/p.total)
	}
	text += fmt.Sprintf(", %.0f a second", rate)
	if p.total > p.done && rate > 0 {
		left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// end ends the bar's line.
func (p *progress) end() {
	if p.bar != nil && !p.bar.IsFinished() {
		_ = p.bar.Exit()
		fmt.Fprintln(p.out)
	}
}
