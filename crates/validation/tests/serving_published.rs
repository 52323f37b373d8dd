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

#[test]
fn rows_without_a_bar_are_reported_with_their_inputs() {
    let head = HEAD.replace("tpot_ms,notes", "tpot_ms,energy_j_per_out_tok,notes");
    let rows = "\
s,one,deepseek-ai/DeepSeek-R1,fp4,B200,,disagg P:2x(tp4 dp1 ep4) D:1x(tp8 dp1 ep4),trtllm,8192,1024,64,disagg,,900,15,,\n\
b,ML.ENERGY,Qwen/Qwen3-32B,bfloat16,H100,2,tp2,vLLM,,800,32,closed burst,1500,,20,0.9,\n\
o,MLPerf v5.1,llama2-70b-99,fp8,NVIDIA H100-SXM-80GB,8,,TensorRT,,,,Offline,24000,,,,\n\
l,MLPerf v5.1,llama2-70b-99,fp8,NVIDIA H100-SXM-80GB,8,,TensorRT,,,,Server,22000,1800,190,,\n";
    let report = validate(Some(&format!("{head}{rows}"))).expect("the table reads");
    assert_eq!(report.answered, 4, "{:?}", report.refused);
    let classes: Vec<&str> = report.headline.iter().map(|h| h.class).collect();
    for class in ["disaggregated", "burst", "mlperf_offline", "mlperf_server"] {
        assert!(classes.contains(&class), "{class} in {classes:?}");
    }
    assert!(report.headline.iter().any(|h| h.metric == "j_per_token"));
    let of = |id: &str| report.predictions.iter().find(|p| p.id == id).map_or(0.0, |p| p.predicted);
    assert!(of("l") <= of("o"), "limits of latency never raise throughput: {} {}", of("l"), of("o"));
}
