package main

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

var writeScreenshots = flag.Bool("screenshots", false, "write the pictures that the README shows")

// picture takes a picture of what the window shows. With -screenshots it is kept.
func (b *browser) picture(name string) {
	b.t.Helper()
	taken, err := png.Decode(bytes.NewReader(inBrowser(b, chromedp.CaptureScreenshot())))
	if err != nil {
		b.t.Fatal(err)
	}
	if size := taken.Bounds().Size(); size != image.Pt(760, 640) {
		b.t.Fatalf("the picture %s measures %v", name, size)
	}
	if !*writeScreenshots {
		return
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, fewColors(taken)); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("screenshots", name+".png"), small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// fewColors makes a small file of a picture: of each color it keeps as many bits as
// 256 colors allow.
func fewColors(full image.Image) image.Image {
	for keep := 8; ; keep-- {
		few := image.NewPaletted(full.Bounds(), nil)
		index := make(map[color.RGBA]uint8)
		if recolor(few, full, index, uint8(0xff<<(8-keep))) {
			return few
		}
	}
}

func recolor(few *image.Paletted, full image.Image, index map[color.RGBA]uint8, mask uint8) bool {
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			c := color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)
			key := color.RGBA{c.R & mask, c.G & mask, c.B & mask, 0xff}
			i, known := index[key]
			if !known && len(few.Palette) == 256 {
				return false
			}
			if !known {
				i = uint8(len(few.Palette))
				index[key], few.Palette = i, append(few.Palette, c)
			}
			few.SetColorIndex(x, y, i)
		}
	}
	return true
}
