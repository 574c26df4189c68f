"""Models that the benches' peers run: the sizes that our side reads, as transformers' configs."""
import json
import os

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../test/fixtures/model-sizes.json")) as file:
    SIZES = json.load(file)


def text_config(size, **more):
    return dict(SIZES[size]["text"], max_position_embeddings=128000, rms_norm_eps=1e-6, **more)


def qwen_config(size):
    from transformers import Qwen2_5_VLConfig

    text = text_config(size, rope_parameters=dict(rope_type="default", rope_theta=1e6, mrope_section=[16, 24, 24]))
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config=dict(
            SIZES[size]["vision"], out_hidden_size=text["hidden_size"], patch_size=14, spatial_merge_size=2,
            window_size=112, tokens_per_second=2, temporal_patch_size=2,
        ),
        image_token_id=151655, video_token_id=151656, vision_start_token_id=151652, vision_end_token_id=151653,
        tie_word_embeddings=text["tie_word_embeddings"],
    )


def internvl_config(size):
    from transformers import InternVLConfig

    return InternVLConfig(
        text_config=text_config(size, model_type="qwen2", rope_parameters=dict(rope_type="default", rope_theta=1e6)),
        vision_config=dict(
            SIZES[size]["vision"], image_size=[448, 448], patch_size=[14, 14], attention_bias=True,
        ),
        image_token_id=151667, image_seq_length=256, downsample_ratio=0.5,
    )
