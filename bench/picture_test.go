package bench

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
)

// throughput is the picture of this run.
var throughput picture

// A picture shows rates and 99th percentiles over the number of callers.
type picture struct {
	mu     sync.Mutex
	points []point
}

// A point is what was measured with so many callers, of both sides.
type point struct {
	engine  string
	callers int
	rate    [2]float64 // calls in a second, ours and theirs
	tail    [2]float64 // in ms
}

func (p *picture) add(engine string, callers int, ours, theirs *load) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := point{engine: engine, callers: callers}
	for i, l := range []*load{ours, theirs} {
		one.rate[i] = spread(l.rates).Median
		one.tail[i] = percentile(l.each, 0.99).Seconds() * 1e3
	}
	p.points = append(p.points, one)
}

// A plot is one of the pictures in the picture. Both axes are logarithmic.
type plot struct {
	left, top float64
	title     string
	low, high float64 // of the values
	ticks     []float64
	value     func(point) [2]float64
}

const plotSize = 260

var colors = [2]string{"#0969da", "#8c959f"} // readable on white and on black

const pictureHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 %d" role="img" font-family="sans-serif" font-size="13">
<title>Rate and 99th percentile over the number of callers</title>
<desc>For each engine, from 1 to 256 callers: how many calls of VerifyOTP a second, and their 99th percentile, with shared statements and with a SELECT and UPDATE by hand. From 16 callers on, shared statements do more calls a second, and the distance grows.</desc>
<style>text { fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #9198a1 } }</style>
`

// SVG returns the picture: a row for each engine, of the rates and the percentiles.
func (p *picture) SVG() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var engines []string
	for _, one := range p.points {
		if !slices.Contains(engines, one.engine) {
			engines = append(engines, one.engine)
		}
	}
	var b strings.Builder
	height := 40 + len(engines)*(plotSize+70)
	fmt.Fprintf(&b, pictureHead, height)
	for i, side := range []string{"VerifyOTP with factor, statements shared", "SELECT and UPDATE by hand"} {
		fmt.Fprintf(&b, `<rect x="%d" y="12" width="14" height="14" fill="%s"/><text x="%d" y="24">%s</text>`+"\n", 70+320*i, colors[i], 90+320*i, side)
	}
	for i, engine := range engines {
		top := float64(60 + i*(plotSize+70))
		some := slices.DeleteFunc(slices.Clone(p.points), func(one point) bool { return one.engine != engine })
		plot{left: 70, top: top, title: engine + ": calls in a second", ticks: []float64{1000, 3000, 10_000, 30_000, 100_000},
			low: 1000, high: 100_000, value: func(o point) [2]float64 { return o.rate }}.draw(&b, some)
		plot{left: 450, top: top, title: engine + ": 99th percentile in ms", ticks: []float64{0.3, 1, 3, 10, 30, 100, 300},
			low: 0.3, high: 300, value: func(o point) [2]float64 { return o.tail }}.draw(&b, some)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p plot) x(callers int) float64 {
	return p.left + plotSize*math.Log(float64(callers))/math.Log(256)
}

func (p plot) y(value float64) float64 {
	share := math.Log(value/p.low) / math.Log(p.high/p.low)
	return p.top + plotSize*(1-min(1, max(0, share)))
}

func (p plot) draw(b *strings.Builder, points []point) {
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f">%s</text>`+"\n", p.left, p.top-10, p.title)
	for _, tick := range p.ticks {
		y := p.y(tick)
		fmt.Fprintf(b, `<path d="M%.0f %.1fh%d" stroke="#8c959f" stroke-opacity="0.3"/><text x="%.0f" y="%.1f" text-anchor="end">%g</text>`+"\n",
			p.left, y, plotSize, p.left-8, y+4, tick)
	}
	for _, one := range points {
		fmt.Fprintf(b, `<text x="%.1f" y="%.0f" text-anchor="middle">%d</text>`+"\n", p.x(one.callers), p.top+plotSize+18, one.callers)
	}
	for side, color := range colors {
		var line strings.Builder
		for _, one := range points {
			x, y := p.x(one.callers), p.y(p.value(one)[side])
			fmt.Fprintf(&line, "%.1f,%.1f ", x, y)
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", x, y, color)
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(line.String()), color)
	}
}

// write writes the picture into a file, unless nothing was measured for it.
func (p *picture) write(file string) error {
	if len(p.points) == 0 {
		return nil
	}
	return os.WriteFile(file, []byte(p.SVG()), 0o644)
}
