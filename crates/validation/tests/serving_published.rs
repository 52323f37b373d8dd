//! Tables of serving measurements in the form in which sources publish them.

use gigatwin_validation::serving::validate;

const HEAD: &str = "id,source,model,precision,chip,num_chips,parallelism,engine,isl,osl,concurrency_or_batch,scenario,tput_out_tok_s,ttft_ms,tpot_ms,notes\n";

#[test]
fn names_layouts_and_loads_are_read_as_published() {
    let rows = "\
a,one,meta-llama/Llama-3.1-8B-Instruct,fp8,h100_sxm,1,agg tp1 pp1 adp1 moetp1 moeep1,vllm 0.18.0,1024,1024,16,agg,,60,9,\n\
b,one,Llama 3.3 70B,FP8,H100 SXM,2,TP2,TensorRT-LLM,1000,1000,max (infinite rate),offline max throughput,2000,,,\n\
c,one,deepseek-ai/DeepSeek-R1,fp4,B200,4,DEP4,trtllm,1024,1024,64,agg,,300,20,\n\
d,one,Llama 3.3 70B,fp8,H100 SXM,,agg tp4,vllm,1000,1000,8,agg,,60,9,SUSPECT LAYOUT\n\
e,one,Llama 3.3 70B,fp8,H100 SXM,4,agg tp4,vllm,,,8,agg,,60,9,\n\
f,one,No Such Model,fp8,H100 SXM,4,agg tp4,vllm,1000,1000,8,agg,,60,9,\n";
    let report = validate(Some(&format!("{HEAD}{rows}"))).expect("the table reads");
    assert_eq!((report.rows, report.answered), (6, 3), "{:?}", report.refused);
    let full: Vec<&str> =
        report.refused.iter().filter(|r| r.fully_specified).map(|r| r.id.as_str()).collect();
    assert_eq!(full, ["f"], "only the row that states all it needs counts against us");
    let of = |id: &str| {
        report.predictions.iter().find(|p| p.id == id && p.metric != "ttft_ms").map(|p| p.predicted)
    };
    assert!(of("a").is_some_and(|ms| ms > 1.0 && ms < 100.0), "{:?}", of("a"));
    assert!(of("b").is_some_and(|rate| rate > 100.0), "{:?}", of("b"));
}

#[test]
fn replicas_share_the_load() {
    let row = |chips: &str, load: &str| {
        format!("{HEAD}r,one,Llama 3.1 8B,fp8,H100 SXM,{chips},tp1,vllm,1000,500,{load},agg,,60,9,\n")
    };
    let tpot = |text: String| {
        let report = validate(Some(&text)).expect("the table reads");
        report.predictions.iter().find(|p| p.metric == "tpot_ms").map(|p| p.predicted)
    };
    assert_eq!(tpot(row("1", "16")), tpot(row("4", "64")));
}
