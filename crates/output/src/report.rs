//! A report of a few pages: blocks of text, tables and charts, as one self-contained HTML page that prints on as many sheets.

use crate::chart::Chart;

/// A report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Title.
    pub title: String,
    /// One line under it.
    pub subtitle: String,
    /// Version, seed and hash.
    pub stamp: String,
    /// Pages, each made to fit a sheet of A4.
    pub pages: Vec<Page>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Heading.
    pub title: String,
    /// What stands on it.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading inside a page.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Short statements.
    Points(Vec<String>),
    /// A table; the first `left` columns are words, the rest numbers.
    Table {
        /// Titles of the columns.
        head: Vec<String>,
        /// Rows.
        rows: Vec<Vec<String>>,
        /// How many columns are words.
        left: usize,
    },
    /// A picture.
    Chart(Chart),
}

const STYLE: &str = "\
:root{--ink:#1b1f24;--faint:#5b6470;--line:#d5dae1;--paper:#fff;--c1:#2457a6;--c2:#d9822b;--c3:#3a8f5c;--c4:#8a5fb0;--band:#2457a626}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--faint:#9aa4b2;--line:#343b46;--paper:#14171c;--c1:#6fa3ef;--c2:#eba25c;--c3:#6cc08d;--c4:#b795dc;--band:#6fa3ef33}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:13px/1.4 system-ui,'Segoe UI','DejaVu Sans',Helvetica,Arial,sans-serif}
.page{max-width:190mm;margin:0 auto;padding:10mm 0;border-bottom:1px solid var(--line)}
header p,.stamp{color:var(--faint);margin:.1em 0}
h1{font-size:1.6em;margin:0}h2{font-size:1.25em;margin:.1em 0 .5em}h3{font-size:1em;margin:1.1em 0 .3em}
p{margin:.35em 0}ul{margin:.3em 0;padding-left:1.2em}
table{border-collapse:collapse;width:100%;margin:.3em 0 .5em;font-size:.88em}
th,td{padding:.16em .45em;text-align:right;vertical-align:top;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th{color:var(--faint);font-weight:600;border-bottom:1.5px solid var(--faint)}
td:not(.w){white-space:nowrap}.w{text-align:left;overflow-wrap:normal}
.scroll{overflow-x:auto}
svg{width:100%;height:auto;display:block;margin:.3em 0}
svg text{fill:var(--ink);font-size:10px}.axis{stroke:var(--line)}
@media (max-width:200mm){.page{padding:6mm 4mm}}
@page{size:A4;margin:12mm 13mm}
@media print{:root{--ink:#000;--faint:#444;--line:#bbb;--paper:#fff;--c1:#2457a6;--c2:#d9822b;--c3:#3a8f5c;--c4:#8a5fb0;--band:#2457a626}
body{font-size:8.6pt;line-height:1.28;-webkit-print-color-adjust:exact;print-color-adjust:exact}.page{max-width:none;padding:0;border:0;break-after:page}.page:last-child{break-after:auto}
svg{max-height:52mm}h3{margin:.7em 0 .2em}.scroll{overflow:visible}}
";

/// Text as HTML takes it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Report {
    /// One page of HTML that needs nothing else.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        );
        for (i, page) in self.pages.iter().enumerate() {
            out.push_str("<section class=\"page\">\n");
            if i == 0 {
                out.push_str(&format!(
                    "<header><h1>{title}</h1><p>{}</p></header>\n",
                    escaped(&self.subtitle)
                ));
            }
            out.push_str(&format!("<h2>{}. {}</h2>\n", i + 1, escaped(&page.title)));
            for block in &page.blocks {
                block.html(&mut out);
            }
            out.push_str(&format!(
                "<p class=\"stamp\">{} · page {} of {}</p>\n</section>\n",
                escaped(&self.stamp),
                i + 1,
                self.pages.len()
            ));
        }
        out.push_str("</body>\n</html>\n");
        out
    }
}

impl Block {
    fn html(&self, out: &mut String) {
        match self {
            Block::Heading(text) => out.push_str(&format!("<h3>{}</h3>\n", escaped(text))),
            Block::Text(text) => out.push_str(&format!("<p>{}</p>\n", escaped(text))),
            Block::Points(points) => {
                out.push_str("<ul>\n");
                for p in points {
                    out.push_str(&format!("<li>{}</li>\n", escaped(p)));
                }
                out.push_str("</ul>\n");
            }
            Block::Table { head, rows, left } => {
                let class = |c: usize| if c < *left { " class=\"w\"" } else { "" };
                out.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
                for (c, text) in head.iter().enumerate() {
                    out.push_str(&format!("<th{}>{}</th>", class(c), escaped(text)));
                }
                out.push_str("</tr></thead>\n<tbody>\n");
                for row in rows {
                    out.push_str("<tr>");
                    for (c, text) in row.iter().enumerate() {
                        out.push_str(&format!("<td{}>{}</td>", class(c), escaped(text)));
                    }
                    out.push_str("</tr>\n");
                }
                out.push_str("</tbody></table></div>\n");
            }
            Block::Chart(chart) => out.push_str(&chart.svg()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_every_page_is_a_sheet() {
        let report = Report {
            title: "A <b> & c".to_owned(),
            pages: vec![
                Page { title: "one".to_owned(), blocks: vec![Block::Text("x < y".to_owned())] },
                Page::default(),
            ],
            ..Report::default()
        };
        let html = report.html();
        assert!(html.contains("<h1>A &lt;b&gt; &amp; c</h1>") && html.contains("<p>x &lt; y</p>"));
        assert_eq!(html.matches("class=\"page\"").count(), 2);
        assert!(!html.contains("http"), "nothing is fetched");
    }
}
